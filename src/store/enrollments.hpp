// SPDX-License-Identifier: Apache-2.0
// Tokens by which many devices of one group register themselves, and what waits for a person:
// devices that enrol, and devices that come back later than their policy lets them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct Enrollment {
  std::string id;
  fleet::WorkspaceId workspace;
  fleet::NodeGroupId group;
  std::string name;
  std::string hash;        // of the token
  std::string prefix;      // how the token begins
  std::string pattern;     // of node names
  bool automatic = false;  // nodes are made at once, without a person's approval
  std::int64_t quota = 0;
  std::int64_t used = 0;  // nodes made; never counts down
  Timestamp expires_at;
  std::optional<Timestamp> revoked_at;
  Timestamp created_at;
};

enum class RequestState { pending, approved, rejected };
std::string_view to_string(RequestState state);
Result<RequestState> parse_request_state(std::string_view text);

struct RegistrationRequest {
  std::string id;
  fleet::WorkspaceId workspace;
  std::string kind;                       // "enrollment" or "recovery"
  std::optional<std::string> enrollment;  // id; of an enrollment
  std::optional<std::string> node;        // id; of a recovery, and of an approved enrollment
  std::string name;                       // of the node that is or shall be
  std::string device;   // what tells the device from others: hardware id, name, digest of its key
  std::string address;  // where it asked from
  std::string why;      // that it must wait
  RequestState state = RequestState::pending;
  std::string note;  // of who decided
  std::string decided_by;
  Timestamp created_at;
  std::optional<Timestamp> decided_at;
};

class Enrollments {
 public:
  explicit Enrollments(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const Enrollment& enrollment);
  Result<std::optional<Enrollment>> find(const std::string& id) const;
  Result<std::optional<Enrollment>> find_by_hash(const std::string& hash) const;
  // By name, else by id.
  Result<std::optional<Enrollment>> find_named(const fleet::WorkspaceId& workspace,
                                               const std::string& name) const;
  // By name; `after`: the last name of the page before.
  Result<std::vector<Enrollment>> list(const fleet::WorkspaceId& workspace,
                                       const std::string& after, int limit) const;
  Result<void> revoke(const std::string& id, Timestamp at);
  // Takes one of the quota; false when none is left.
  Result<bool> take(const std::string& id);

  Result<void> insert_request(const RegistrationRequest& request);
  Result<void> update_request(
      const RegistrationRequest& request);  // node, name, state and decision
  Result<void> remove_request(const std::string& id);
  Result<void> remove_recoveries(const fleet::NodeId& node);
  Result<std::optional<RegistrationRequest>> find_request(const std::string& id) const;
  Result<std::optional<RegistrationRequest>> find_enrolling(const std::string& enrollment,
                                                            const std::string& device) const;
  // A pending one for that name.
  Result<std::optional<RegistrationRequest>> find_asking(const std::string& enrollment,
                                                         const std::string& name) const;
  Result<std::optional<RegistrationRequest>> find_recovering(const fleet::NodeId& node,
                                                             const std::string& device) const;
  // Oldest first; `after`: the last id of the page before, empty to begin.
  Result<std::vector<RegistrationRequest>> list_requests(const fleet::WorkspaceId& workspace,
                                                         RequestState state,
                                                         const std::string& after, int limit) const;
  Result<std::int64_t> count_pending(const std::string& enrollment) const;

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
