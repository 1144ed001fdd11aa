// SPDX-License-Identifier: Apache-2.0
// Provisioning: a workspace and its cloud resources, in dependency order, resumable, undone by
// delete.
#pragma once

#include <string>
#include <vector>

#include "control/accounts/preflight.hpp"
#include "control/workflow/operations.hpp"
#include "control/workspaces/deprovisioning.hpp"
#include "fleet/desired_resources.hpp"
#include "fleet/drift.hpp"
#include "fleet/prices.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

struct NewWorkspace {
  std::string name;
  std::string location;
  std::string cloud_account;  // may be empty when the organization has exactly one
  fleet::WorkspaceOptions options;
};

struct HubView {
  std::string key;
  std::string name;
  std::string host;         // empty while it does not stand
  std::int64_t groups = 0;  // node groups that were placed on it
  int room = 0;             // for how many
};

struct WorkspaceView {
  fleet::WorkspaceId id;
  std::string name;
  std::string location;
  std::string cloud_account;  // name
  fleet::LifeState state = fleet::LifeState::provisioning;
  fleet::WorkspaceOptions options;
  fleet::HubLimits limits;  // of each hub
  std::vector<HubView> hubs;
  Timestamp created_at;
};

struct ResourceView {
  std::string type;
  std::string name;
  std::string azure_id;
  std::string region;
  fleet::ResourceState state = fleet::ResourceState::planned;
  std::string portal_url;
  fleet::ResourceOrigin origin = fleet::ResourceOrigin::created;
  std::string sku;
  std::vector<std::string> endpoints;
  Timestamp created_at;
  std::optional<Timestamp> last_verified_at;
  std::vector<fleet::Drift> drift;  // found then
  std::optional<fleet::MonthlyEstimate> monthly_estimate;
};

// Where the hub sends messages, as Azure says at this moment.
struct RoutingView {
  struct Endpoint {
    std::string name;
    std::string kind;    // "built-in", "event-hub"
    std::string health;  // "healthy", "unhealthy", "degraded", "dead", "unknown"
    std::string last_error;
    std::string last_success_at;  // as the service writes it
  };
  struct Route {
    std::string name;
    std::string source;
    std::string condition;
    std::string endpoint;
    bool enabled = true;
    std::string problem;  // why it takes no message at the moment; empty when all is well
  };
  std::vector<Endpoint> endpoints;
  std::vector<Route> routes;
  bool fallback = false;
};

// What creating would do, as the cloud is at this moment. Names that are drawn have an x for each
// character.
struct CreationPlan {
  struct Entry {
    std::string type;
    std::string name;
    std::string action;  // "create", "adopt", or "add" to what is adopted
    std::optional<fleet::MonthlyEstimate> monthly_estimate;
  };
  std::vector<Entry> resources;
  PreflightReport report;
};

struct WorkspaceStarted {
  WorkspaceView workspace;
  OperationView operation;
};

class Workspaces {
 public:
  explicit Workspaces(Context& context) : context_(context) {}

  Result<WorkspaceStarted> create(const fleet::OrganizationId& organization, NewWorkspace request);
  // Changes nothing.
  net::Task<Result<CreationPlan>> plan(fleet::OrganizationId organization,
                                       NewWorkspace request) const;
  // Goes on where a provisioning (or a deletion) failed. Code::conflict when nothing failed.
  Result<WorkspaceStarted> retry(const fleet::OrganizationId& organization,
                                 const std::string& workspace);
  // Looks whether every resource is as Ferry left it; resources() then says what is not.
  Result<WorkspaceStarted> verify(const fleet::OrganizationId& organization,
                                  const std::string& workspace);
  // Makes it so again.
  Result<WorkspaceStarted> repair(const fleet::OrganizationId& organization,
                                  const std::string& workspace);
  // As a Bicep template, without secrets.
  Result<std::string> bicep(const fleet::OrganizationId& organization,
                            const std::string& workspace) const;
  // Takes groups, nodes and every cloud resource that Ferry made away, in reverse order. A creation
  // that is under way is cancelled first.
  Result<WorkspaceStarted> remove(const fleet::OrganizationId& organization,
                                  const std::string& workspace);
  // What remove() would take away and what it would leave, as Azure is at this moment.
  net::Task<Result<std::vector<DeletionItem>>> deletion(fleet::OrganizationId organization,
                                                        std::string workspace) const;
  // Code::conflict while the hub does not stand.
  net::Task<Result<RoutingView>> routing(fleet::OrganizationId organization,
                                         std::string workspace) const;
  Result<std::vector<WorkspaceView>> list(const fleet::OrganizationId& organization) const;
  // By name or id; Code::not_found says how to list them.
  Result<WorkspaceView> get(const fleet::OrganizationId& organization,
                            const std::string& workspace) const;
  Result<std::vector<ResourceView>> resources(const fleet::OrganizationId& organization,
                                              const std::string& workspace) const;

 private:
  Result<WorkspaceStarted> start(const fleet::OrganizationId& organization,
                                 const std::string& workspace, const std::string& kind);
  Context& context_;
};

}  // namespace ferry::control
