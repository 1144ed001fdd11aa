// SPDX-License-Identifier: Apache-2.0
// The control plane, put together. One per data directory and event loop.
//
// Services take and give values. Their plain functions read and write the database inline and never
// wait; coroutines talk to the cloud. What takes longer is an operation that goes on by itself.
// Workspaces, groups, nodes and so on are named by name or id. Errors are fit for the caller: they
// name the thing and say in Error::hint what to do next.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "control/accounts/access.hpp"
#include "control/accounts/accounts.hpp"
#include "control/accounts/sessions.hpp"
#include "control/certificates/certificate_policies.hpp"
#include "control/certificates/certificates.hpp"
#include "control/certificates/external_authorities.hpp"
#include "control/components/components.hpp"
#include "control/deployments/configuration.hpp"
#include "control/deployments/deployments.hpp"
#include "control/deployments/rollouts.hpp"
#include "control/deployments/simulating.hpp"
#include "control/nodes/groups.hpp"
#include "control/nodes/moving.hpp"
#include "control/nodes/nodes.hpp"
#include "control/nodes/observing.hpp"
#include "control/nodes/revoking.hpp"
#include "control/registration/edge_authorities.hpp"
#include "control/registration/enrollments.hpp"
#include "control/registration/registration.hpp"
#include "control/registration/registration_policy.hpp"
#include "control/registration/renewals.hpp"
#include "control/workflow/operations.hpp"
#include "control/workspaces/workspaces.hpp"
#include "net/task.hpp"
#include "store/master_key.hpp"

namespace ferry::control {

class Control {
 public:
  // Opens (or creates) DIR/ferry.db and DIR/master.key. `loop` and `clock` must outlive it.
  static Result<std::unique_ptr<Control>> open(
      net::EventLoop& loop, const Clock& clock, const std::filesystem::path& directory,
      std::optional<store::MasterKeySource> master_key = {});
  // Over parts that the caller has made; for tests that script the cloud.
  static std::unique_ptr<Control> over(std::unique_ptr<Context> context);
  ~Control();

  // Takes up every operation that was under way when the last process ended, and from then on has
  // authorities followed by new ones in time. Call once, after
  // Access::ensure_owner and before serving requests.
  Result<void> resume();

 private:
  explicit Control(std::unique_ptr<Context> context);
  std::unique_ptr<Context> context_;

 public:
  Access access;
  Sessions sessions;
  Operations operations;
  Accounts accounts;
  Workspaces workspaces;
  Certificates certificates;
  CertificatePolicies certificate_policies;
  Rollovers rollovers;
  ExternalAuthorities external_authorities;
  Groups groups;
  Nodes nodes;
  Registration registration;
  Renewals renewals;
  EdgeAuthorities edge_authorities;
  Enrollments enrollments;
  Policies policies;
  Revoking revoking;
  Moving moving;
  Components components;
  Deployments deployments;
  Rollouts rollouts;
  Configuration configuration;
  Simulating simulating;
  Observing observing;
};

}  // namespace ferry::control
