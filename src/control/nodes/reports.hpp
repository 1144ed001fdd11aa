// SPDX-License-Identifier: Apache-2.0
// The last thing that every node of a workspace has said of itself, read from the IoT Hub by one
// query for all, at most every 3 seconds and only when somebody asks (the hub allows 20 queries a
// minute).
#pragma once

#include <memory>

#include "control/context.hpp"

namespace ferry::control {

// Waits at most 3 seconds for a hub that does not answer; then the last known state is returned.
net::Task<std::shared_ptr<const WorkspaceReports>> fresh_reports(Context& context,
                                                                 fleet::Workspace workspace);
// What is known without asking.
std::shared_ptr<const WorkspaceReports> known_reports(Context& context,
                                                      const fleet::WorkspaceId& workspace);

// The composition that a node of `group` has taken; 0 when it is not known.
std::int64_t composition_of(const NodeReport& report, const fleet::NodeGroupId& group);
// The one that this configuration brings to `group`; 0 when it is not one of its.
std::int64_t composition_of(const std::string& configuration, const fleet::NodeGroupId& group);

}  // namespace ferry::control
