// SPDX-License-Identifier: Apache-2.0
// The control plane's values as the JSON of docs/api.md. Times are RFC 3339; what is absent is
// null.
#pragma once

#include <vector>

#include "base/json.hpp"
#include "control/accounts/access.hpp"
#include "control/accounts/accounts.hpp"
#include "control/components/components.hpp"
#include "control/deployments/configuration.hpp"
#include "control/deployments/deployments.hpp"
#include "control/nodes/groups.hpp"
#include "control/nodes/moving.hpp"
#include "control/nodes/nodes.hpp"
#include "control/nodes/observing.hpp"
#include "control/nodes/revoking.hpp"
#include "control/registration/enrollments.hpp"
#include "control/registration/registration_policy.hpp"
#include "control/workflow/operations.hpp"
#include "control/workspaces/workspaces.hpp"

namespace ferry::api {

json::object to_json(const fleet::Organization& organization);
json::object to_json(const fleet::CloudAccount& account);  // never its secret
json::object to_json(const control::SignInView& sign_in);
json::object to_json(const control::CustomRole& role);  // as az role definition create reads it
json::object to_json(const control::PreflightReport& report);
json::object to_json(const azure::arm::Location& location);
json::object to_json(const azure::BudgetView& budget);
json::object to_json(const control::OperationView& operation);
json::object to_json(const control::WorkspaceView& workspace);
json::object to_json(const control::CreationPlan& plan);
json::object to_json(const control::ResourceView& resource);
json::object to_json(const control::DeletionItem& item);
json::object to_json(const control::RoutingView& routing);
json::object to_json(const control::GroupView& group);
json::object to_json(const control::CompositionView& composition);
json::object to_json(const control::NodeTicket& ticket);  // with the token: its only appearance
json::object to_json(const control::NodeView& node);
json::object to_json(const fleet::ComponentVersion& version);
json::object to_json(const control::ComponentView& component);
json::object to_json(const fleet::Deployment& deployment);
json::object to_json(const control::PlanView& plan);
json::object to_json(const control::SettingView& setting);
json::object to_json(const control::EffectiveView& setting);
json::object to_json(const control::TraitsView& traits);

// rollout_views.cpp
json::object to_json(const control::RolloutView& rollout);
json::object to_json(const control::RolloutNodeView& node);

// registration_views.cpp
json::object to_json(const control::BatchRow& row);  // its ticket, or {"name", "error"}
json::object to_json(const control::OpenTokenView& token);
json::object to_json(const control::EnrollmentView& enrollment);  // never its token
json::object to_json(const control::RegistrationPolicyView& policy);
json::object to_json(const store::RegistrationRequest& request);
json::object to_json(const store::NodeEvent& event);
json::object to_json(const control::BlastRadius& radius);
json::object to_json(const control::RevocationView& revocation);
json::object to_json(const control::MovePlan& plan);

// {"value": [...]}
template <class T>
json::object collection(const std::vector<T>& items) {
  json::array value;
  for (const auto& item : items) value.push_back(to_json(item));
  return {{"value", std::move(value)}};
}

}  // namespace ferry::api
