// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/tls.hpp"

namespace ferry::api {

// ferryd's own CA and server certificate, in `directory`: ca.pem (what clients trust), ca.key,
// server.pem, server.key; keys have mode 0600. Made when absent. The server certificate is made
// anew when it ends within 90 days or lacks one of the names; the CA stays, so that clients keep
// trusting it.
//
// The certificate is good for localhost, ferry.localhost, 127.0.0.1, ::1 and `names` (DNS names or
// IP addresses).
Result<net::TlsIdentity> load_server_identity(const std::filesystem::path& directory,
                                              const std::vector<std::string>& names,
                                              const Clock& clock);

}  // namespace ferry::api
