// SPDX-License-Identifier: Apache-2.0
// Enrollment tokens of node groups, and the list of what waits for a person: devices that enrol and
// devices that come back too late for their policy.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "fleet/types.hpp"
#include "store/enrollments.hpp"

namespace ferry::control {

struct Context;

struct EnrollmentView {
  std::string id;
  std::string name;
  std::string group;
  std::string prefix;
  std::string pattern;
  bool automatic = false;
  std::int64_t quota = 0;
  std::int64_t used = 0;
  std::int64_t pending = 0;
  std::string state;  // "active", "expired", "revoked", "used up"
  Timestamp expires_at;
  Timestamp created_at;
};

struct NewEnrollment {
  std::string name;
  std::string group;
  std::string pattern = "*";
  bool automatic = false;
  std::int64_t quota = 0;
  std::chrono::hours life{24 * 30};
};

struct EnrollmentTicket {
  EnrollmentView enrollment;
  Secret token;  // shown once
};

class Enrollments {
 public:
  explicit Enrollments(Context& context) : context_(context) {}

  Result<EnrollmentTicket> create(const fleet::OrganizationId& organization,
                                  const std::string& workspace, const NewEnrollment& order,
                                  const std::string& actor);
  // By name; `after`: the last name of the page before.
  Result<std::vector<EnrollmentView>> list(const fleet::OrganizationId& organization,
                                           const std::string& workspace, const std::string& after,
                                           int limit) const;
  Result<EnrollmentView> get(const fleet::OrganizationId& organization,
                             const std::string& workspace, const std::string& name) const;
  // Its token is void from now on; nodes that it made stay.
  Result<EnrollmentView> revoke(const fleet::OrganizationId& organization,
                                const std::string& workspace, const std::string& name,
                                const std::string& actor);

  // Oldest first, a page at a time; `after`: the last id of the page before.
  Result<std::vector<store::RegistrationRequest>> requests(
      const fleet::OrganizationId& organization, const std::string& workspace,
      store::RequestState state, const std::string& after, int limit) const;
  // A rejected request may be approved later, and a recovery that was approved but not used yet
  // rejected. Code::conflict when the decision has been carried out.
  Result<store::RegistrationRequest> decide(const fleet::OrganizationId& organization,
                                            const std::string& workspace,
                                            const std::string& request_id, bool approve,
                                            const std::string& note, const std::string& actor);

 private:
  Result<EnrollmentView> view_of(const store::Enrollment& enrollment) const;
  Result<void> carry_out(store::RegistrationRequest& request, bool approve,
                         const std::string& actor);
  Context& context_;
};

}  // namespace ferry::control
