// SPDX-License-Identifier: Apache-2.0
// Shutting out a node, a group or a whole workspace, and letting it in again. The row in the
// database takes effect at Ferry's own API at once; one durable operation brings it to the
// provisioning service (enrollments) and the IoT Hub (identities), paced under the hub's limits.
// That operation brings Azure in line with what the database says at that moment, so that revoking
// and reinstating in any order end where the last one meant to.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "control/workflow/operations.hpp"
#include "fleet/types.hpp"
#include "store/revocations.hpp"

namespace ferry::control {

struct Context;

enum class Scope { node, group, workspace };
std::string_view to_string(Scope scope);

// What to shut out. `name` is a node's or a group's; empty for the workspace.
struct Target {
  Scope scope = Scope::node;
  std::string workspace;
  std::string name = {};
};

struct BlastRadius {
  std::string scope;
  std::string name;
  std::int64_t nodes = 0;
  std::int64_t registered = 0;
  std::int64_t connected = 0;        // as they last reported
  std::vector<std::string> groups;   // whose enrollment group is disabled
  std::vector<std::string> sample;   // names of the first nodes
  bool revoked = false;              // it is already
  std::vector<std::string> effects;  // in words
  std::string undo;
};

struct RevocationStarted {
  BlastRadius radius;
  OperationView operation;
};

// Nothing was done: the radius is not the one that was agreed to. `radius` is the error's details.
struct RevocationRefused {
  Error error;
  BlastRadius radius;
};

struct RevocationView {
  std::string scope;
  std::string name;
  std::string reason;
  std::string revoked_by;
  Timestamp revoked_at;
  std::string place;  // in the list; a page begins after one
};

class Revoking {
 public:
  explicit Revoking(Context& context) : context_(context) {}

  Result<BlastRadius> plan(const fleet::OrganizationId& organization, const Target& target) const;
  // `agreed`: the number of nodes that the caller was shown; refused when it is another one now.
  Result<std::variant<RevocationStarted, RevocationRefused>> revoke(
      const fleet::OrganizationId& organization, const Target& target, const std::string& reason,
      std::optional<std::int64_t> agreed, const std::string& actor);
  // What an upper level shuts out stays out. Code::conflict when it is not revoked.
  Result<OperationView> reinstate(const fleet::OrganizationId& organization, const Target& target,
                                  const std::string& actor);
  // Oldest first. `after`: the place of the last one of the page before, empty for the first page;
  // Code::invalid_argument when it is none.
  Result<std::vector<RevocationView>> list(const fleet::OrganizationId& organization,
                                           const std::string& workspace, const std::string& after,
                                           int limit) const;

 private:
  Context& context_;
};

}  // namespace ferry::control
