// SPDX-License-Identifier: Apache-2.0
// How devices may register and come back: set for a workspace or a group; what a level leaves open
// is as the level above has it.
#pragma once

#include <optional>
#include <string>

#include "fleet/types.hpp"
#include "store/registration_policies.hpp"

namespace ferry::control {

struct Context;

struct RegistrationPolicy {
  bool server_keys = true;       // Ferry makes keys for old installers that send no CSR
  std::int64_t grace_days = 30;  // an expired certificate renews itself for so long
  bool late_approval = true;     // after that a person may approve it; false: never
  std::int64_t token_hours = 24;
  bool edge_authorities = true;  // devices may have authorities of their own, for their modules
};

Result<RegistrationPolicy> registration_policy(const Context& context,
                                               const fleet::WorkspaceId& workspace,
                                               const std::optional<fleet::NodeGroupId>& group);

// What is set on a level, and what holds there in the end.
struct RegistrationPolicyView {
  store::RegistrationPolicyRecord set;
  RegistrationPolicy effective;
};

// An outer nullopt leaves a member alone, an inner one lets the level above decide.
struct RegistrationPolicyChange {
  std::optional<std::optional<bool>> server_keys;
  std::optional<std::optional<std::int64_t>> grace_days;
  std::optional<std::optional<std::string>> late;  // "approve" or "refuse"
  std::optional<std::optional<std::int64_t>> token_hours;
  std::optional<std::optional<bool>> edge_authorities;
};

class Policies {
 public:
  explicit Policies(Context& context) : context_(context) {}

  // `group` empty: of the workspace.
  Result<RegistrationPolicyView> get(const fleet::OrganizationId& organization,
                                     const std::string& workspace, const std::string& group) const;
  // Code::invalid_argument for values out of range.
  Result<RegistrationPolicyView> change(const fleet::OrganizationId& organization,
                                        const std::string& workspace, const std::string& group,
                                        const RegistrationPolicyChange& change,
                                        const std::string& actor);

 private:
  Context& context_;
};

}  // namespace ferry::control
