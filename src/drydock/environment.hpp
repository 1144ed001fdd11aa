// SPDX-License-Identifier: Apache-2.0
// DIR/environment.json: everything a client needs to use a running local cloud.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "drydock/cloud.hpp"

namespace drydock {

struct EnvironmentDetails {
  std::filesystem::path ca_file;
  std::string address;  // that it listens on
  std::optional<std::uint16_t>
      imds_port;  // of the endpoint for managed identities, if there is one
};

// Writes it atomically with mode 0600, because it holds the client secret. It is there exactly
// while the cloud listens.
ferry::Result<void> write_environment(const std::filesystem::path& path, const Cloud& cloud,
                                      const EnvironmentDetails& details);

}  // namespace drydock
