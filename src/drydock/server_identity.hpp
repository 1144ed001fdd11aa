// SPDX-License-Identifier: Apache-2.0
// The local cloud's own certificate authority and the server certificate for all its names.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.hpp"
#include "net/tls.hpp"

namespace drydock {

struct ServerIdentity {
  std::filesystem::path ca_file;  // absolute; what clients must trust
  ferry::net::TlsIdentity tls;
};

// Keeps ca.pem, ca.key, server.pem and server.key in `directory`; makes what is missing, and the
// server certificate anew when it ends within a month or does not name `address`.
ferry::Result<ServerIdentity> open_server_identity(const std::filesystem::path& directory,
                                                   const std::string& address,
                                                   const ferry::Clock& clock);

}  // namespace drydock
