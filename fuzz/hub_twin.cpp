// SPDX-License-Identifier: Apache-2.0
// Twin documents: two of them, divided by a NUL, merged and told apart.
#include <cstddef>
#include <cstdint>

#include "drydock/iot_hub/twin.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drydock::iot_hub;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(text.find('\0'), text.size());
  const auto first = ferry::parse_json_object(text.substr(0, cut));
  const auto second = ferry::parse_json_object(text.substr(std::min(cut + 1, text.size())));
  if (!first || !second) return 0;
  if (!validate_values(*first) || !validate_values(*second)) return 0;
  const json::object from = without_nulls(*first);
  const json::object to = without_nulls(*second);
  FERRY_CHECK(merge_patch(from, difference(from, to)) == to);
  FERRY_CHECK(difference(from, from).empty());
  Twin twin = new_twin(ferry::from_unix_seconds(1));
  apply_patch(twin.desired, *first, ferry::from_unix_seconds(2));
  apply_patch(twin.desired, *second, ferry::from_unix_seconds(3));
  FERRY_CHECK(twin.desired.version == 3);
  FERRY_CHECK(to_storage(twin_from_storage(to_storage(twin))) == to_storage(twin));
  static_cast<void>(validate_size(twin.desired.values, kSectionLimit, "properties.desired"));
  return 0;
}
