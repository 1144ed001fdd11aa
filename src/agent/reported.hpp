// SPDX-License-Identifier: Apache-2.0
// What $edgeAgent reports of itself and its modules (reported properties, schema 1.0). Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/last_good.hpp"
#include "agent/reconcile.hpp"

namespace ferry::agent {

// Twins take 32 KB of reported properties; a patch beyond is refused and the state goes stale, so a
// document that would not fit leaves out createOptions and env of the modules.
inline constexpr std::size_t kReportedLimit = 32 * 1024 - 512;

struct LastDesired {
  std::int64_t version = 0;
  int code = 406;
  std::string description = "Agent is not running";
};

struct ReportInput {
  const Composition* composition = nullptr;
  LastDesired last_desired;
  const World* world = nullptr;
  const Plan* plan = nullptr;
  std::map<std::string, std::string> downloads;  // module -> "downloading"
  bool agent_running = true;  // false: shutting down, nobody watches the modules any more
  std::string program_version;
  std::string engine_version;
  std::string os;
  std::string architecture;
  std::optional<std::uint64_t> free_bytes;  // on the disk with the images
  Timestamp agent_started;
  const FallenFrom* fallen = nullptr;  // what is in force is the composition before that
};

json::object build_reported(const ReportInput& input);

// Rounded down to 256 MiB, below 1 GiB to 16 MiB: a report is for planning, and not to be made anew
// with every line of a log.
std::uint64_t coarse_bytes(std::uint64_t bytes);

// The failures that stand, one line, cut to what a twin value may hold; empty when there are none.
std::string describe_failures(const std::map<std::string, ModuleRecord>& records);

}  // namespace ferry::agent
