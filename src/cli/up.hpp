// SPDX-License-Identifier: Apache-2.0
// `ferry up`: a whole Ferry on one machine, the local cloud Drydock included.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/profile.hpp"
#include "cli/terminal.hpp"
#include "net/task.hpp"

namespace ferry::cli {

struct UpOptions {
  std::filesystem::path data;  // empty: the default data directory
  std::string address = "127.0.0.1";
  std::uint16_t port = 7443;
  std::vector<std::string> host_names;  // more names for ferryd's certificate
  bool drydock = true;
  std::string drydock_address;           // empty: Drydock's default, loopback
  std::uint16_t drydock_https_port = 0;  // 0: the standard ones, 443 and 8883
  std::uint16_t drydock_mqtt_port = 0;
};

// Runs until SIGINT or SIGTERM, then stops what it started and waits for it. Code::conflict when
// another `ferry up` uses the same data directory.
//
// DIR/drydock and DIR/ferryd belong to the two programs, DIR/logs holds what they say, and
// DIR/profile.json is there (mode 0600) as soon as everything answers.
net::Task<Result<void>> up(net::EventLoop& loop, Terminal& terminal, Environment environment,
                           UpOptions options);

}  // namespace ferry::cli
