// SPDX-License-Identifier: Apache-2.0
// Changes that come in waves.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.hpp"

namespace ferry::cli {

// "rollout" of a request body; nothing when no option asks for a rollout.
Result<std::optional<json::object>> rollout_policy(const RolloutOptions& options);

// Follows a rollout until it is over, telling what happens; its final state. Going back and being
// paused are Errors, for both need somebody. Ctrl-C stops the watching, not the rollout.
net::Task<Result<json::object>> follow_rollout(Context& context, std::string workspace,
                                               json::object rollout);
// Of an accepted plan: follows it unless it is not to be waited for, and prints it.
Done finish_rollout(Context& context, std::string workspace, json::object rollout, bool wait);

Done rollout_list(Context& context);
Done rollout_show(Context& context, std::string id);
Done rollout_watch(Context& context, std::string id);
struct RolloutNodes {
  std::string id;
  std::string verdict;
};
Done rollout_nodes(Context& context, RolloutNodes arguments);
struct RolloutSteering {
  std::string verb;
  std::string id;
  bool wait = false;
};
Done rollout_steer(Context& context, RolloutSteering arguments);

}  // namespace ferry::cli
