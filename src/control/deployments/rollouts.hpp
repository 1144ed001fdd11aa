// SPDX-License-Identifier: Apache-2.0
// Rollouts as people see and steer them: a change that comes to the nodes in waves, and goes back
// by itself when they do not like it. They begin by applying a plan with a policy
// (deployments.hpp).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fleet/rollout.hpp"
#include "fleet/types.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct Context;

struct RolloutWaveView {
  std::string name;  // "pump-7", "5%", "site=lab"
  // "waiting", "open" or "passed"; "closed" when the rollout has ended before it came.
  std::string state;
  std::int64_t nodes = 0;
  std::map<fleet::NodeVerdict, std::int64_t> verdicts;  // of a wave that is or was open
};

struct RolloutGroupView {
  std::string name;
  std::int64_t composition = 0;  // that it brings; the same as `previous` when nothing changes
  std::int64_t previous = 0;
  std::string reached;  // in the cloud: "nothing", "waves" or "everybody"
  bool returned = false;
  // Registered nodes that are not part of the rollout: they came after it began, and get what stood
  // before until it is done.
  std::int64_t late_joiners = 0;
};

struct RolloutNodeView {
  std::string name;
  std::string group;
  std::size_t wave = 0;                       // from 1
  std::optional<fleet::NodeVerdict> verdict;  // nothing before its wave has come
  std::string reason;
  Timestamp since;
  bool forgiven = false;
};

struct RolloutView {
  std::string id;
  std::vector<std::string> deployments;  // that it edits
  std::string plan;                      // empty when nobody has seen one
  std::string actor;
  fleet::RolloutPolicy policy;
  fleet::RolloutStatus status;
  std::string trouble;  // what keeps it from going on just now
  std::vector<RolloutWaveView> waves;
  std::vector<RolloutGroupView> groups;
  std::vector<RolloutNodeView> troubled;  // failed, unhealthy or offline: the first twenty
  struct Event {
    Timestamp at;
    std::string what;
  };
  std::vector<Event> events;
  Timestamp started_at;
  std::optional<Timestamp> finished_at;
};

class Rollouts {
 public:
  explicit Rollouts(Context& context) : context_(context) {}

  // Those that go on first, then the newest; at most 100.
  Result<std::vector<RolloutView>> list(const fleet::OrganizationId& organization,
                                        const std::string& workspace) const;
  Result<RolloutView> get(const fleet::OrganizationId& organization, const std::string& workspace,
                          const std::string& id) const;
  // By wave, then name.
  Result<std::vector<RolloutNodeView>> nodes(const fleet::OrganizationId& organization,
                                             const std::string& workspace,
                                             const std::string& id) const;
  // Code::conflict when its state does not allow it (fleet::obey).
  Result<RolloutView> order(const fleet::OrganizationId& organization, const std::string& workspace,
                            const std::string& id, fleet::RolloutOrder order,
                            const std::string& who);

 private:
  Context& context_;
};

}  // namespace ferry::control
