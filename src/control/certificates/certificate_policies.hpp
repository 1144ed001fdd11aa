// SPDX-License-Identifier: Apache-2.0
// Policies of certificates, set and shown: what a level says itself, and what holds there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/certificates/rollovers.hpp"

namespace ferry::control {

// Absent: as the level above has it. What new authorities and new certificates are like; those that
// are there stay as they are until they are replaced.
struct PolicyChange {
  std::optional<std::string> ca_key;
  std::optional<std::vector<std::string>> node_keys;
  std::optional<std::int64_t> node_days;
};

struct PolicyView {
  PolicyChange own;
  std::string ca_key;
  std::vector<std::string> node_keys;
  std::int64_t node_days = 0;
};

class CertificatePolicies {
 public:
  explicit CertificatePolicies(Context& context) : context_(context) {}
  Result<PolicyView> get(const fleet::OrganizationId& organization,
                         const AuthorityTarget& target) const;
  // Replaces what the level says. Code::invalid_argument for a kind of key that authorities or
  // nodes cannot have, or a life outside of a day to two years.
  Result<PolicyView> put(const fleet::OrganizationId& organization, const AuthorityTarget& target,
                         const PolicyChange& change);

 private:
  Context& context_;
};

}  // namespace ferry::control
