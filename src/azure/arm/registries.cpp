// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/registries.hpp"

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kType = "Microsoft.ContainerRegistry/registries";
constexpr const char* kVersion = "2023-07-01";

Registry read_registry(const json::object& object, std::string id, std::string name) {
  const auto& properties = properties_of(object);
  const auto* sku = find_object(object, "sku");
  return {.id = std::move(id),
          .name = std::move(name),
          .location = string_or(object, "location", ""),
          .state = provisioning_state(object),
          .login_server = string_or(properties, "loginServer", ""),
          .sku = sku ? string_or(*sku, "name", "") : "",
          .admin_user = bool_or(properties, "adminUserEnabled", false)};
}

std::string child_id(std::string_view registry_id, std::string_view kind, std::string_view name) {
  return fmt::format("{}/{}/{}", registry_id, kind, percent_encode(name));
}

}  // namespace

net::Task<Result<Registry>> ensure_registry(ArmClient& arm, RegistrySpec spec, Progress progress) {
  const std::string id = arm.resource_id(spec.group, kType, spec.name);
  json::object body{
      {"location", spec.location},
      {"tags", write_tags(spec.tags)},
      {"sku", {{"name", spec.sku}}},
      {"properties", {{"adminUserEnabled", false}, {"publicNetworkAccess", "Enabled"}}}};
  auto made = co_await ensure_resource(arm, id, kVersion, std::move(body), std::move(progress));
  if (!made) co_return fail(std::move(made).error().with("create registry {}", spec.name));
  auto registry = read_registry(*made, id, spec.name);
  if (registry.login_server.empty()) {
    co_return fail(Code::unavailable, "registry {} is made but has no login server", spec.name);
  }
  co_return registry;
}

net::Task<Result<Registry>> get_registry(ArmClient& arm, std::string group, std::string name) {
  const std::string id = arm.resource_id(group, kType, name);
  auto found = co_await arm.get(id, kVersion);
  if (!found) co_return fail(std::move(found).error().with("read registry {}", name));
  co_return read_registry(*found, id, name);
}

net::Task<Result<void>> remove_registry(ArmClient& arm, std::string group, std::string name,
                                        Progress progress) {
  auto removed =
      co_await arm.remove(arm.resource_id(group, kType, name), kVersion, std::move(progress));
  if (!removed) co_return fail(std::move(removed).error().with("delete registry {}", name));
  co_return removed;
}

net::Task<Result<NameAvailability>> check_registry_name(ArmClient& arm, std::string name) {
  json::object body{{"name", name}, {"type", kType}};
  co_return co_await arm.check_name("Microsoft.ContainerRegistry/checkNameAvailability", kVersion,
                                    std::move(body));
}

std::vector<std::string> pull_actions(std::string_view repository) {
  return {fmt::format("repositories/{}/content/read", repository),
          fmt::format("repositories/{}/metadata/read", repository)};
}

std::vector<std::string> push_actions(std::string_view repository) {
  auto actions = pull_actions(repository);
  actions.push_back(fmt::format("repositories/{}/content/write", repository));
  actions.push_back(fmt::format("repositories/{}/metadata/write", repository));
  return actions;
}

net::Task<Result<std::string>> ensure_scope_map(ArmClient& arm, std::string registry_id,
                                                std::string name,
                                                std::vector<std::string> actions) {
  const std::string id = child_id(registry_id, "scopeMaps", name);
  json::array list(actions.begin(), actions.end());
  json::object body{
      {"properties", {{"description", "made by Ferry"}, {"actions", std::move(list)}}}};
  auto made = co_await arm.put(id, kVersion, std::move(body));
  if (!made) co_return fail(std::move(made).error().with("create scope map {}", name));
  co_return string_or(*made, "id", id);
}

net::Task<Result<std::string>> ensure_token(ArmClient& arm, std::string registry_id,
                                            std::string name, std::string scope_map_id) {
  const std::string id = child_id(registry_id, "tokens", name);
  json::object body{{"properties", {{"scopeMapId", scope_map_id}, {"status", "enabled"}}}};
  auto made = co_await arm.put(id, kVersion, std::move(body));
  if (!made) co_return fail(std::move(made).error().with("create registry token {}", name));
  co_return string_or(*made, "id", id);
}

net::Task<Result<RegistryCredential>> generate_credentials(ArmClient& arm, std::string registry_id,
                                                           std::string token_id,
                                                           std::string password_name,
                                                           std::optional<Timestamp> expiry) {
  json::object body{{"tokenId", token_id}, {"name", password_name}};
  if (expiry) body["expiry"] = format_rfc3339(*expiry);
  auto answer = co_await arm.post(registry_id + "/generateCredentials", kVersion, std::move(body));
  if (!answer) co_return fail(std::move(answer).error().with("make a registry password"));
  RegistryCredential credential{string_or(*answer, "username", ""), Secret()};
  if (const auto* passwords = find_array(*answer, "passwords")) {
    for (const auto& entry : *passwords) {
      const auto* object = entry.if_object();
      if (!object || string_or(*object, "name", "") != password_name) continue;
      credential.password = Secret(string_or(*object, "value", ""));
    }
  }
  if (credential.username.empty() || credential.password.empty()) {
    co_return fail(Code::unavailable, "the registry gave no {} for {}", password_name, token_id);
  }
  co_return credential;
}

net::Task<Result<void>> remove_scope_map(ArmClient& arm, std::string registry_id,
                                         std::string name) {
  co_return co_await arm.remove(child_id(registry_id, "scopeMaps", name), kVersion);
}

net::Task<Result<void>> remove_token(ArmClient& arm, std::string registry_id, std::string name) {
  co_return co_await arm.remove(child_id(registry_id, "tokens", name), kVersion);
}

}  // namespace ferry::azure::arm
