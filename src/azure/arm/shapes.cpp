// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {

net::Task<Result<json::object>> ensure_resource(ArmClient& arm, std::string id,
                                                std::string api_version, json::object body,
                                                Progress progress) {
  auto current = co_await arm.wait_until_settled(id, api_version, progress);
  if (!current && current.error().code != Code::not_found) co_return current;
  const std::string wanted = string_or(body, "location", "");
  if (current) {
    const std::string location = string_or(*current, "location", wanted);
    if (!same_location(location, wanted)) {
      co_return fail(Code::conflict, "{} is already in {}, not in {}", id, location, wanted);
    }
    if (is_ready(*current)) co_return current;
  }
  co_return co_await arm.put(std::move(id), std::move(api_version), std::move(body),
                             std::move(progress));
}

std::vector<std::string> names_of(const json::array& items) {
  std::vector<std::string> names;
  for (const auto& item : items) {
    if (const auto* object = item.if_object()) names.push_back(string_or(*object, "name", ""));
  }
  return names;
}

Result<SasKey> read_policy(const json::object& object, std::string host) {
  SasKey key{std::move(host), string_or(object, "keyName", ""),
             Secret(string_or(object, "primaryKey", ""))};
  if (key.policy.empty() || key.key.empty()) {
    return fail(Code::unavailable, "a shared access policy came without name or key");
  }
  return key;
}

net::Task<Result<std::vector<SasKey>>> list_policies(ArmClient& arm, std::string id,
                                                     std::string api_version, std::string host) {
  auto answer = co_await arm.post(id + "/listkeys", api_version, {});
  if (!answer) co_return fail(std::move(answer).error());
  auto values = require_array(*answer, "value");
  if (!values) co_return fail(std::move(values).error().with("list the keys of {}", id));
  std::vector<SasKey> keys;
  for (const auto& value : *values) {
    const auto* object = value.if_object();
    if (!object) continue;
    auto key = read_policy(*object, host);
    if (!key) co_return fail(std::move(key).error());
    keys.push_back(std::move(*key));
  }
  co_return keys;
}

}  // namespace ferry::azure::arm
