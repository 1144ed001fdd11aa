// SPDX-License-Identifier: Apache-2.0
// The configuration of Microsoft's runtime, /etc/aziot/config.toml, as text: its provisioning
// becomes Ferry's, and its edge CA where nobody has chosen one; every other statement and every
// comment stays as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry::agent {

struct EdgeProvisioning {
  std::string host;  // of the provisioning service, may have a port
  std::string id_scope;
  std::string registration_id;
  std::string certificate_path;
  std::string key_path;
  std::string payload_path;  // empty: none
  // Of Ferry's edge CAs by EST (RFC 7030), from where the runtime gets and renews one by itself;
  // empty: none.
  std::string est_url = {};
  std::string server_ca_path = {};  // what Ferry is known by; empty: by the system's roots
};

// Code::conflict when somebody else's provisioning is in `existing` and `replace` is false.
// Code::invalid_argument when `existing` is not the TOML that this understands: then nothing of it
// is touched. Applying it twice is applying it once.
Result<std::string> with_provisioning(std::string_view existing, const EdgeProvisioning& wanted,
                                      bool replace);
// Whether somebody else has chosen an edge CA, or how certificates are issued.
Result<bool> has_other_edge_ca(std::string_view existing);
// Without Ferry's provisioning; nullopt when there is none of Ferry's.
Result<std::optional<std::string>> without_provisioning(std::string_view existing);

// Lines that go and come, each with '-' or '+' before it; not those that stay.
std::string line_difference(std::string_view before, std::string_view after);

}  // namespace ferry::agent
