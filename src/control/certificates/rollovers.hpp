// SPDX-License-Identifier: Apache-2.0
// One authority follows another without a gap. A group's CA: the new one stands beside the old one
// in the enrollment group, then issues; nodes renew, so many a minute; when no valid certificate of
// a node needs the old one any more, it leaves. A workspace's CA and the organization's root the
// same way, with the authorities below them in the place of nodes. Each is an operation that goes
// on through restarts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/workflow/operations.hpp"
#include "fleet/types.hpp"

namespace ferry::store {
struct CertificateRecord;
}  // namespace ferry::store

namespace ferry::control {

// Azure lets an IoT Hub (S1, one unit) change 100 identities a minute, and a renewal changes one.
inline constexpr std::int64_t kNodesPerMinute = 60;

struct AuthorityTarget {
  std::string workspace;  // name or id; empty: the organization's own
  std::string group;      // name or id; empty: the workspace's own
};

struct RolloverView {
  std::string id;
  std::string use;     // of the authority: "group-ca", ...
  std::string target;  // "plant-a/line-1", "plant-a", or the organization's name
  struct Authority {
    std::string id;
    std::string subject;
    std::string sha256_thumbprint;
    Timestamp not_after;
  };
  Authority leaving;
  std::optional<Authority> arriving;  // nullopt before it is made
  std::string state;                  // "preparing", "following", "leaving", "finished"
  bool forced = false;
  bool cancelled = false;
  std::int64_t nodes_per_minute = 0;
  std::int64_t nodes = 0;                    // that had to renew
  std::int64_t remaining = 0;                // that have not yet
  std::int64_t authorities = 0;              // below the leaving one that are still in use
  std::vector<std::string> remaining_names;  // the first hundred nodes; only of one rollover
  fleet::OperationId operation;
  Timestamp started_at;
  std::optional<Timestamp> switched_at;
  std::optional<Timestamp> finished_at;
};

struct RolloverStarted {
  RolloverView rollover;
  OperationView operation;
};

class Rollovers {
 public:
  explicit Rollovers(Context& context) : context_(context) {}

  // Code::conflict while one runs for the same authority, or when its authority was signed outside
  // of Ferry (its successor has to be as well, unless `own`: then Ferry signs).
  Result<RolloverStarted> start(const fleet::OrganizationId& organization,
                                const AuthorityTarget& target,
                                std::int64_t nodes_per_minute = kNodesPerMinute, bool own = false);
  // Unfinished ones first, then the newest. `workspace` empty: all.
  Result<std::vector<RolloverView>> list(const fleet::OrganizationId& organization,
                                         const std::string& workspace) const;
  Result<RolloverView> get(const fleet::OrganizationId& organization, const std::string& id) const;
  // Turns it round: what moved to the new authority moves back. Code::conflict once the old one is
  // leaving.
  Result<RolloverView> cancel(const fleet::OrganizationId& organization, const std::string& id);
  // Waits for nobody any longer: nodes that have not renewed cannot register with DPS again before
  // they do; their connections to the hub stay.
  Result<RolloverView> force(const fleet::OrganizationId& organization, const std::string& id);
  // Goes on with one whose operation failed or was cancelled.
  Result<RolloverStarted> retry(const fleet::OrganizationId& organization, const std::string& id);
  // Starts what is due: every authority that Ferry signed itself and that is two thirds through its
  // life; and goes on with those that failed. Returns how many.
  Result<int> start_due();

 private:
  Result<RolloverView> one_view(const std::string& id) const;
  Context& context_;
};

}  // namespace ferry::control
