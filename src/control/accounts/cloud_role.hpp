// SPDX-License-Identifier: Apache-2.0
// The rights that Ferry needs in a subscription, no more: every action belongs to a call that a
// client in azure/arm makes. Ferry reaches the services themselves with keys that it reads by these
// rights, so it needs no data actions of its own.
#pragma once

#include <string>
#include <vector>

namespace ferry::control {

struct RoleFeatures {
  bool event_hubs = true;          // workspaces with an Event Hubs namespace
  bool identity_based = false;     // hubs that send with their identity: Ferry assigns a role
  bool register_providers = true;  // Ferry may register resource providers when asked to
};

struct NeededAction {
  std::string action;
  // Without it Ferry cannot make or run a workspace. Others only let it check beforehand and watch.
  bool required = true;
};
std::vector<NeededAction> needed_actions(const RoleFeatures& features);

struct CustomRole {
  std::string name;  // unique in a tenant
  std::string description;
  std::vector<std::string> actions;
  std::vector<std::string> data_actions;
  std::vector<std::string> assignable_scopes;
};
CustomRole custom_role(const std::string& subscription, const RoleFeatures& features);

}  // namespace ferry::control
