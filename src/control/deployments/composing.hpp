// SPDX-License-Identifier: Apache-2.0
// What a group must run, from the database: deployments, layers and labels together.
#pragma once

#include "control/context.hpp"
#include "fleet/change.hpp"
#include "fleet/difference.hpp"

namespace ferry::control {

// What workspace and group say.
struct StoredLayers {
  fleet::Settings workspace;
  fleet::Settings group;
  fleet::Directory directory;  // of this group alone
};
Result<StoredLayers> load_layers(const Context& context, const fleet::NodeGroup& group);

// `deployments`: all that may target the group. With `change`, what workspace and group say is
// taken as it would be after it; `deployments` are taken as they are.
Result<fleet::Composition> compose_group(Context& context, const fleet::NodeGroup& group,
                                         const std::vector<fleet::Deployment>& deployments,
                                         const fleet::Change* change = nullptr);
// From all live deployments.
Result<fleet::Composition> compose_group(Context& context, const fleet::NodeGroup& group);

// How a composition is kept.
std::vector<store::CompositionModule> modules_of(const fleet::Composition& composition);
// A kept one, as plans compare it.
std::vector<fleet::RunningModule> running_modules(const store::CompositionRecord& record);

}  // namespace ferry::control
