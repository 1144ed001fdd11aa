// SPDX-License-Identifier: Apache-2.0
// Microsoft.ContainerRegistry/registries with scope maps and tokens, api-version 2023-07-01.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "azure/arm/client.hpp"
#include "azure/arm/resource_groups.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"

namespace ferry::azure::arm {

struct Registry {
  std::string id;
  std::string name;
  std::string location;
  std::string state;
  std::string login_server;  // "name.azurecr.io", perhaps with ":port"
  std::string sku;           // "Basic"
  bool admin_user = false;
};

struct RegistrySpec {
  std::string group;
  std::string name;  // 5-50 letters and digits, globally unique
  std::string location;
  std::string sku = "Basic";  // Basic, Standard, Premium
  Tags tags;
};

// Made without admin user. One that is there is returned as it is.
net::Task<Result<Registry>> ensure_registry(ArmClient& arm, RegistrySpec spec,
                                            Progress progress = {});
net::Task<Result<Registry>> get_registry(ArmClient& arm, std::string group, std::string name);
net::Task<Result<void>> remove_registry(ArmClient& arm, std::string group, std::string name,
                                        Progress progress = {});
net::Task<Result<NameAvailability>> check_registry_name(ArmClient& arm, std::string name);

// Actions: "repositories/{repository}/{content|metadata}/{read|write|delete}"; `repository` may end
// with '*'.
std::vector<std::string> pull_actions(std::string_view repository);
std::vector<std::string> push_actions(std::string_view repository);  // with pull

// Creates or replaces the scope map; returns its id. Names: 5-50 of a-z A-Z 0-9 - _.
net::Task<Result<std::string>> ensure_scope_map(ArmClient& arm, std::string registry_id,
                                                std::string name, std::vector<std::string> actions);
// Creates or replaces the token (enabled, bound to the scope map); returns its id. Names: 5-50 of
// a-z A-Z 0-9 -.
net::Task<Result<std::string>> ensure_token(ArmClient& arm, std::string registry_id,
                                            std::string name, std::string scope_map_id);

// User name and password for the registry's token service. Shown once: the password cannot be read
// again.
struct RegistryCredential {
  std::string username;
  Secret password;
};
// Makes a new "password1" or "password2" for the token; the other one stays good (rotation).
net::Task<Result<RegistryCredential>> generate_credentials(ArmClient& arm, std::string registry_id,
                                                           std::string token_id,
                                                           std::string password_name = "password1",
                                                           std::optional<Timestamp> expiry = {});
net::Task<Result<void>> remove_scope_map(ArmClient& arm, std::string registry_id, std::string name);
net::Task<Result<void>> remove_token(ArmClient& arm, std::string registry_id, std::string name);

}  // namespace ferry::azure::arm
