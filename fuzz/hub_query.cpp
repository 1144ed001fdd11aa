// SPDX-License-Identifier: Apache-2.0
// Queries and conditions of IoT hubs, and their evaluation over a twin.
#include <cstddef>
#include <cstdint>

#include "drydock/iot_hub/query.hpp"
#include "drydock/iot_hub/query_aggregation.hpp"

namespace {

namespace query = drydock::iot_hub::query;

class TwinLike final : public query::Source {
 public:
  query::Found find(const query::Path& path) const override {
    const ferry::json::value* value = &twin_;
    for (const std::string& name : path) {
      const ferry::json::object* object = value != nullptr ? value->if_object() : nullptr;
      value = object != nullptr ? object->if_contains(name) : nullptr;
    }
    return {value, std::nullopt};
  }

 private:
  ferry::json::value twin_ = ferry::parse_json(
                                 R"({"deviceId": "d", "tags": {"a": 1, "b": "x", "c": [1, "x"]},
                                     "properties": {"reported": {"n": null, "t": true}}})")
                                 .value();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TwinLike twin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto condition = query::parse_condition(text)) {
    static_cast<void>(query::evaluate(*condition, twin));
    static_cast<void>(query::only_device(*condition));
  }
  const auto select = query::parse_select(text);
  if (!select) return 0;
  if (select->where) static_cast<void>(query::evaluate(*select->where, twin));
  if (select->aggregates()) {
    query::Aggregation aggregation(*select);
    aggregation.add(twin);
    FERRY_CHECK(aggregation.rows().size() == 1);
  }
  return 0;
}
