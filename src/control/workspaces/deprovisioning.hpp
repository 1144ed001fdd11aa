// SPDX-License-Identifier: Apache-2.0
// Taking a workspace's cloud resources away: what goes, what stays and why, and the workflow that
// does it. Ferry takes away only what it made: what its record says was made by it and still
// carries its tag.
#pragma once

#include <string>
#include <vector>

#include "control/context.hpp"

namespace ferry::control {

struct DeletionItem {
  std::string type;
  std::string name;
  std::string azure_id;
  bool goes = false;
  std::string reason;  // why it stays
};

// As Azure is at this moment, in the order in which it is taken away. What is not there any more is
// left out.
net::Task<Result<std::vector<DeletionItem>>> plan_deletion(Context& context, fleet::WorkspaceId id);

Result<Workflow> remove_workspace(Context& context, const fleet::WorkspaceId& id);

}  // namespace ferry::control
