// SPDX-License-Identifier: Apache-2.0
#include "fuzz/amqp_property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  drydock::fuzzing::try_amqp(std::string(data, data + size));
  return 0;
}
