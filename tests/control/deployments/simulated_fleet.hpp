// SPDX-License-Identifier: Apache-2.0
// A workspace on Drydock in one process, with nodes that speak MQTT: each takes its desired
// properties from its $edgeAgent twin and reports as the runtime does, or as it is told to.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/mqtt_client.hpp"
#include "tests/control/workspaces/in_process_cloud.hpp"

namespace ferry::control {

struct SimulatedNode {
  std::string name;
  fleet::NodeId id;
  std::string device;
  std::string group;
  bool online = true;
  bool slow = false;     // takes nothing new: it is still fetching
  bool returns = false;  // goes back by itself from what crashes
  std::unique_ptr<net::mqtt::Client> link;
  json::object running;            // modules section that it has taken, name to version
  std::int64_t taken = 0;          // $version
  std::set<std::string> ever_ran;  // "x@1.1.0"
};

class SimulatedFleet {
 public:
  // Every group has so many nodes.
  SimulatedFleet(const std::vector<std::string>& groups, int nodes_each);
  ~SimulatedFleet();

  InProcessCloud cloud;
  std::vector<std::unique_ptr<SimulatedNode>> nodes;
  // "x@2.0.0": crash-loops wherever it runs.
  std::set<std::string> crashing;

  void publish(const std::string& component, const std::string& version);
  SimulatedNode& add_node(const std::string& name, const std::string& group);
  SimulatedNode& node(const std::string& name);
  void move_node(const std::string& name, const std::string& group);
  // To everybody at once; must succeed.
  void deploy(const std::string& deployment, std::vector<fleet::ComponentRef> components,
              std::vector<std::string> groups);
  // Nothing when Ferry has been killed meanwhile.
  std::optional<Result<ApplyOutcome>> try_roll_out(fleet::Change change, std::string_view policy);
  Result<ApplyOutcome> roll_out(fleet::Change change, std::string_view policy);
  // The id of one that has begun.
  std::string must_roll_out(const std::string& deployment,
                            std::vector<fleet::ComponentRef> components,
                            std::vector<std::string> groups, std::string_view policy);
  RolloutView rollout(const std::string& id);
  Result<RolloutView> order(const std::string& id, fleet::RolloutOrder order);

  // Nodes take what is there for them and report, then so much time passes; again and again.
  // Ends early when `until` holds or Ferry has been killed.
  void live(std::chrono::seconds duration, const std::function<bool()>& until = {});
  void live_until_over(const std::string& id);

  // What the hub holds, asked as its owner.
  json::value hub(const std::string& method, const std::string& path, const json::value& body = {});
  // Of a group: configuration id to its document, without metrics and times.
  std::map<std::string, json::object> configurations(const std::string& group);
  // "x@1.1.0 y@1.0.0" as the node's twin wants it now.
  std::string desired(const SimulatedNode& node);
  std::string running(const SimulatedNode& node) const;
  const fleet::WorkspaceId& workspace() const { return workspace_; }
  fleet::NodeGroup group(const std::string& name);

 private:
  net::Task<bool> react(SimulatedNode& node);
  net::Task<bool> ask(SimulatedNode& node, std::string topic, std::string payload,
                      std::string& answer);
  net::Task<bool> connect(SimulatedNode& node);
  json::object report_of(SimulatedNode& node, const json::object& desired);
  template <class T>
  T in_cloud(net::Task<T> task);

  fleet::WorkspaceId workspace_;
  std::string hub_host_;
  Secret hub_key_;
  int request_ = 0;
};

}  // namespace ferry::control
