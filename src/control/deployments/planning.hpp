// SPDX-License-Identifier: Apache-2.0
// What planning needs to know, gathered: the database's part of the world that a change touches,
// and what the nodes there have last said.
#pragma once

#include "control/context.hpp"
#include "fleet/plan.hpp"

namespace ferry::control {

// Costs what the change touches, not what the workspace holds. Unknown groups and versions are
// absent from the result: the plan names them.
Result<fleet::Fleet> load_fleet(Context& context, const fleet::Workspace& workspace,
                                const fleet::Change& change, const WorkspaceReports& reports);

// Those that the change edits, those that target a group which it touches, and those with a
// component that the workspace's layer configures.
Result<std::vector<fleet::Deployment>> deployments_that_matter(const Context& context,
                                                               const fleet::Workspace& workspace,
                                                               const fleet::Change& change);

// Names of groups and nodes for ids; in normal form.
Result<fleet::Change> with_names(const Context& context, const fleet::Workspace& workspace,
                                 fleet::Change change);

// The change that brings a deployment back to what it was at `revision`; the last one before the
// present when 0. Works for a deployment that has gone.
Result<fleet::Change> change_to_revision(const Context& context, const fleet::Workspace& workspace,
                                         const std::string& deployment, std::int64_t revision);

// The change that makes `group` run its composition `version` again, configured as it was: every
// deployment that targets the group leaves it, what the group says of components is unset, and a
// deployment of its own, "restored-GROUP", holds the composition. Other groups keep what they have,
// nodes what they say themselves. Code::conflict when a selector finds the group.
Result<fleet::Change> change_to_composition(const Context& context,
                                            const fleet::Workspace& workspace,
                                            const std::string& group, std::int64_t version);

}  // namespace ferry::control
