// SPDX-License-Identifier: Apache-2.0
// What all verbs that change deployments share: showing a plan, applying it, and saying why it is
// refused.
#pragma once

#include <string>

#include "cli/commands.hpp"

namespace ferry::cli {

// The plan, and the command that applies it.
void print_plan(Context& context, const json::value& plan);

// Asks for a plan made of `body` ({"edits"}, {"rollback"} or {"restore"}), and applies it unless it
// is only to be shown.
struct PlanIntent {
  bool plan_only = false;
  bool allow_removals = false;
  RolloutOptions rollout = {};
};
Done plan_and_apply(Context& context, std::string workspace, json::object body, PlanIntent intent);

Done apply_plan(Context& context, std::string workspace, std::string id, bool allow_removals,
                RolloutOptions rollout);

// An accepted edit: shows its plan, follows its operation, or its rollout unless `wait` is false,
// and prints what has become of it.
Done finish_edit(Context& context, std::string workspace, json::value answer, bool wait);

// A refusal carries the plan as its details: shown, because it says what is in the way.
Error explain_refusal(Context& context, const Reply& reply);

Table deployment_table(const Context& context, const std::vector<json::object>& deployments);

}  // namespace ferry::cli
