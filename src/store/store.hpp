// SPDX-License-Identifier: Apache-2.0
// The fleet's memory: one SQLite database and the key that seals its secrets. Owned by one thread.
#pragma once

#include <filesystem>
#include <memory>

#include "store/certificate_policies.hpp"
#include "store/certificate_requests.hpp"
#include "store/certificates.hpp"
#include "store/components.hpp"
#include "store/deployments.hpp"
#include "store/enrollments.hpp"
#include "store/groups.hpp"
#include "store/layers.hpp"
#include "store/node_events.hpp"
#include "store/nodes.hpp"
#include "store/operations.hpp"
#include "store/organizations.hpp"
#include "store/plans.hpp"
#include "store/registration_policies.hpp"
#include "store/revocations.hpp"
#include "store/rollouts.hpp"
#include "store/rollovers.hpp"
#include "store/secrets.hpp"
#include "store/sessions.hpp"
#include "store/workspaces.hpp"

namespace ferry::store {

class Store {
 public:
  // DIR/ferry.db and DIR/master.key, both 0600; the directory is made (0700) when it is absent.
  // `master_key`: where the key is, when it is not that file (store/rotation.hpp).
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory,
                                             std::optional<MasterKeySource> master_key = {});

  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Rolled back at the end of the scope unless committed. Never co_await inside.
  Result<sqlite::Transaction> begin() { return sqlite::Transaction::begin(database_); }

 private:
  Store(sqlite::Database database, DataKey data_key);
  sqlite::Database database_;

 public:
  Secrets secrets;
  Organizations organizations;
  Sessions sessions;
  CloudAccounts accounts;
  Workspaces workspaces;
  Resources resources;
  Certificates certificates;
  CertificatePolicies certificate_policies;
  CertificateRequests certificate_requests;
  Rollovers rollovers;
  Groups groups;
  Compositions compositions;
  Layers layers;
  Nodes nodes;
  NodeEvents node_events;
  Enrollments enrollments;
  Revocations revocations;
  RegistrationPolicies registration_policies;
  Components components;
  Deployments deployments;
  Plans plans;
  Rollouts rollouts;
  Operations operations;
};

}  // namespace ferry::store
