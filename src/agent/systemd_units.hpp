// SPDX-License-Identifier: Apache-2.0
// The units that keep a device running, as texts.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace ferry::agent {

inline constexpr const char* kAgentUnit = "/etc/systemd/system/ferry-agent.service";
inline constexpr const char* kRenewUnit = "/etc/systemd/system/ferry-agent-renew.service";
inline constexpr const char* kRenewTimer = "/etc/systemd/system/ferry-agent-renew.timer";

struct UnitOptions {
  std::filesystem::path program;  // ferry-agent
  std::filesystem::path data;
  std::string docker;   // as --docker
  std::string network;  // as --network
  std::vector<std::pair<std::string, std::string>> environment;
};

// `ferry-agent run`. Runs as root, because whoever may use the Docker Engine is root anyway, but
// with no capability, no device, nothing to write to but its data, and no new privileges.
std::string agent_unit(const UnitOptions& options);
// `ferry-agent renew` and when: for a device whose runtime is not Ferry's agent. May write below
// /etc/aziot and /var/aziot and give files to their users.
std::string renew_unit(const UnitOptions& options);
std::string renew_timer();

}  // namespace ferry::agent
