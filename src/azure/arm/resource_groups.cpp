// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/resource_groups.hpp"

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kVersion = "2022-09-01";

ResourceGroup read_group(const json::object& object, std::string id) {
  return {std::move(id), string_or(object, "name", ""), string_or(object, "location", ""),
          provisioning_state(object)};
}

}  // namespace

net::Task<Result<ResourceGroup>> ensure_resource_group(ArmClient& arm, std::string name,
                                                       std::string location, Tags tags) {
  const std::string id = arm.group_id(name);
  auto current = co_await get_resource_group(arm, name);
  if (current && equals_ignore_case(current->state, "Succeeded")) {
    if (!same_location(current->location, location)) {
      co_return fail(Code::conflict, "resource group {} is already in {}, not in {}", name,
                     current->location, location);
    }
    co_return current;
  }
  if (!current && current.error().code != Code::not_found) co_return current;
  json::object body{{"location", location}, {"tags", write_tags(tags)}};
  auto made = co_await arm.put(id, kVersion, std::move(body));
  if (!made) co_return fail(std::move(made).error().with("create resource group {}", name));
  co_return read_group(*made, id);
}

net::Task<Result<ResourceGroup>> get_resource_group(ArmClient& arm, std::string name) {
  const std::string id = arm.group_id(name);
  auto found = co_await arm.get(id, kVersion);
  if (!found) co_return fail(std::move(found).error().with("read resource group {}", name));
  co_return read_group(*found, id);
}

net::Task<Result<void>> remove_resource_group(ArmClient& arm, std::string name, Progress progress) {
  auto removed = co_await arm.remove(arm.group_id(name), kVersion, std::move(progress));
  if (!removed) co_return fail(std::move(removed).error().with("delete resource group {}", name));
  co_return removed;
}

}  // namespace ferry::azure::arm
