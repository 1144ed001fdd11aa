// SPDX-License-Identifier: Apache-2.0
// What nodes report through their $edgeAgent twins. Read from the IoT Hub by one query for the
// whole workspace, at most every 3 seconds and only when somebody asks (the hub allows 20 queries a
// minute).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fleet/types.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct Context;

struct ModuleStatus {
  std::string name;
  std::string version;
  std::string status;          // wanted: "running"
  std::string runtime_status;  // "running", "backoff", "stopped", "failed", "unknown", ...
  std::string description;     // of that, in the device's words; may be empty
  std::int64_t exit_code = 0;
  std::int64_t restart_count = 0;
  std::string image;
  std::string image_digest;     // as reported; may be empty
  std::string last_start_time;  // as reported; may be empty
};

enum class NodeHealth {
  not_registered,  // the device has not used its one-time token yet
  offline,         // not connected to the IoT Hub
  refused,         // could not take its composition
  failing,         // a module crashes again and again, was given up, or is not healthy
  changing,        // a module does not run yet
  online,          // runs what it is to run
};

struct NodeView {
  fleet::NodeId id;
  std::string name;
  std::string group;
  std::string registration_id;
  NodeHealth health = NodeHealth::not_registered;
  bool registered = false;
  std::optional<Timestamp> registered_at;
  bool connected = false;
  std::optional<Timestamp> last_reported_at;
  std::int64_t composition_version = 0;  // that the node has taken; 0 when it is not known
  // lastDesiredStatus of $edgeAgent: 200 means that every step ran. nullopt before the first
  // report.
  struct DesiredStatus {
    std::int64_t code = 0;
    std::string description;
  };
  std::optional<DesiredStatus> desired_status;
  std::vector<ModuleStatus> modules;  // by name, $edgeAgent and $edgeHub left out
  Timestamp created_at;
};

// Which nodes; what is empty does not matter.
struct NodeSelection {
  std::string search;  // in the name, whatever the case
  std::string group;
  std::optional<NodeHealth> health;
};

struct FleetSummary {
  std::int64_t total = 0;
  std::map<NodeHealth, std::int64_t> by_health;
};

class Observing {
 public:
  explicit Observing(Context& context) : context_(context) {}

  // By name; `after`: the last name of the page before. When the hub cannot be asked, the last
  // known state is answered.
  net::Task<Result<std::vector<NodeView>>> nodes(fleet::OrganizationId organization,
                                                 std::string workspace, NodeSelection selection,
                                                 std::string after, int limit);
  // How many there are; the selection's health does not matter.
  net::Task<Result<FleetSummary>> summary(fleet::OrganizationId organization, std::string workspace,
                                          NodeSelection selection);
  net::Task<Result<NodeView>> node(fleet::OrganizationId organization, std::string workspace,
                                   std::string node);
  // Fetched from the device by the direct method GetModuleLogs; `tail` lines (1 to 5000).
  // Code::unavailable when the node is not connected.
  net::Task<Result<std::string>> module_logs(fleet::OrganizationId organization,
                                             std::string workspace, std::string node,
                                             std::string module, int tail);

 private:
  Context& context_;
};

}  // namespace ferry::control
