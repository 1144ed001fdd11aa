// SPDX-License-Identifier: Apache-2.0
// Stored access policies of a container (Storage REST, "Set Container ACL"): what a SAS that names
// one leaves open.
#pragma once

#include "drydock/blob/refusal.hpp"

namespace drydock::blob {

struct AccessPolicy {
  std::string id;
  std::string start;
  std::string expiry;
  std::string permission;
};

Outcome<std::vector<AccessPolicy>> parse_access_policies(std::string_view xml);
std::string access_policies_xml(const std::vector<AccessPolicy>& policies);

}  // namespace drydock::blob
