// SPDX-License-Identifier: Apache-2.0
// What $edgeAgent says in its twin, read. Format: IoT Edge runtime, reported properties of
// $edgeAgent.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "azure/iot_hub/types.hpp"
#include "control/nodes/observing.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct NodeReport {
  bool connected = false;
  std::optional<Timestamp> last_reported_at;
  // The configuration that the hub has applied and the device has acknowledged; empty when it is
  // behind or has not reported.
  std::string configuration;
  // The configuration that the device has gone back from by itself, and why; empty when it has not.
  std::string returned_from;
  std::string returned_because;
  std::optional<NodeView::DesiredStatus> desired_status;
  std::string platform;                    // "linux/arm64"; empty until the runtime has said it
  std::optional<std::int64_t> free_bytes;  // on the disk with the images; not every runtime says it
  std::vector<ModuleStatus> modules;
};

// Never fails: what is absent or malformed stays empty, because devices write it.
NodeReport read_node_report(const azure::Twin& twin);

// The last reading of a workspace; one reading at a time.
struct WorkspaceReports {
  explicit WorkspaceReports(net::Executor executor) : has_read(executor) {}
  bool reading = false;
  net::Notifier has_read;
  std::optional<Timestamp> read_at;       // last tried
  std::optional<Timestamp> succeeded_at;  // last read: what is known is of then
  std::map<std::string, NodeReport> by_device;
};

}  // namespace ferry::control
