// SPDX-License-Identifier: Apache-2.0
// Tokens of devices and policies: none that was not made with the key is good.
#include <cstddef>
#include <cstdint>

#include "drydock/iot_hub/sas.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drydock::iot_hub;
  static const ferry::Secret kKey("MDEyMzQ1Njc4OWFiY2RlZg==");
  const auto token = parse_sas({reinterpret_cast<const char*>(data), size});
  if (!token) return 0;
  FERRY_CHECK(!signed_with(*token, ferry::Secret()));
  static_cast<void>(signed_with(*token, kKey));
  static_cast<void>(is_expired(*token, ferry::from_unix_seconds(1'795'000'000)));
  if (covers(*token, "hub/devices/d")) FERRY_CHECK(covers(*token, "hub/devices/d/modules/m"));
  return 0;
}
