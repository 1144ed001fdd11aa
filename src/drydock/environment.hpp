// SPDX-License-Identifier: Apache-2.0
// DIR/environment.json: everything a client needs to use a running local cloud.
#pragma once

#include <filesystem>

#include "drydock/cloud.hpp"

namespace drydock {

// Writes it atomically with mode 0600, because it holds the client secret. It is there exactly
// while the cloud listens.
ferry::Result<void> write_environment(const std::filesystem::path& path, const Cloud& cloud,
                                      const std::filesystem::path& ca_file);

}  // namespace drydock
