// SPDX-License-Identifier: Apache-2.0
// What the workflows on a workspace's cloud resources share. Not for use outside provisioning.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/context.hpp"
#include "fleet/azure_id.hpp"
#include "fleet/desired_resources.hpp"
#include "fleet/finding.hpp"

namespace ferry::control {

// As it is now; loaded afresh by every attempt of every step, because others change it meanwhile.
struct Site {
  fleet::Workspace workspace;
  fleet::CloudAccount account;
  std::vector<fleet::DesiredResource> desired;
  std::shared_ptr<CloudConnection> cloud;
  azure::arm::ArmClient arm;  // on behalf of the workspace, which takes turns with others

  const fleet::DesiredResource& at(const std::string& key) const;
  std::string id_of(const fleet::DesiredResource& resource) const;  // full Azure id
  std::string id_of(const std::string& key) const { return id_of(at(key)); }
  // Resource group and name of one that is no part of another.
  fleet::AzureId place_of(const std::string& key) const;
};
Result<Site> load_site(Context& context, const fleet::WorkspaceId& id);

// Changes the workspace's row and keeps secrets of it, both or nothing. Steps run at the same time,
// so each changes only what is its own.
using KeptSecrets = std::vector<std::pair<std::string, Secret>>;
Result<void> keep(Context& context, const fleet::WorkspaceId& id,
                  const std::function<void(fleet::Workspace&)>& change,
                  const KeptSecrets& secrets = {});

Result<void> set_resource_state(Context& context, const fleet::WorkspaceId& id,
                                const std::string& key, fleet::ResourceState state);

// Shows how a long-running operation on `name` is going.
azure::arm::Progress show_in(StepContext& step, std::string name);

// Whether the tags in a resource's document say that it was made for this workspace.
bool belongs_to(const json::object& document, const fleet::Workspace& workspace);

// The resource stands as the table says: made, or met as an earlier attempt left it. Its document.
//
// One that is adopted is looked at and judged instead, and nothing of it is changed.
//
// Before anything is asked for, the name is chosen and the intention recorded in one transaction
// (state `creating`, name, Azure id), so whatever exists in the cloud is known here by its id. A
// name that somebody else has is replaced by the next one, which is kept. Code::conflict when
// something of that id is there that Ferry did not make.
net::Task<Result<json::object>> ensure_desired(Context& context, fleet::WorkspaceId id,
                                               std::string key, StepContext& step);

// For the services whose names are one for the whole world: the keys of those that were never asked
// for and whose names somebody else has get the next ones that are free. One finding for each.
net::Task<Result<std::vector<fleet::Finding>>> choose_names(Context& context,
                                                            fleet::WorkspaceId id);

// `body` with its references filled in.
net::Task<Result<json::object>> fill_in_references(Context& context, Site site, json::object body);

}  // namespace ferry::control
