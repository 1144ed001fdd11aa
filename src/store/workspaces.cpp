// SPDX-License-Identifier: Apache-2.0
#include "store/workspaces.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<fleet::Workspace> read_workspace(const sqlite::Row& row) {
  auto state = fleet::parse_life_state(row.text(5));
  if (!state) return fail(std::move(state).error());
  fleet::Workspace workspace;
  workspace.id = fleet::WorkspaceId(row.text(0));
  workspace.organization = fleet::OrganizationId(row.text(1));
  workspace.cloud_account = fleet::CloudAccountId(row.text(2));
  workspace.name = row.text(3);
  workspace.location = row.text(4);
  workspace.state = *state;
  workspace.id_scope = row.text(6);
  workspace.provisioning_host = row.text(7);
  workspace.provisioning_service = row.text(8);
  workspace.hub_host = row.text(9);
  workspace.blob_endpoint = row.text(10);
  workspace.login_server = row.text(11);
  workspace.created_at = to_time(row, 12);
  return workspace;
}

Result<fleet::Resource> read_resource(const sqlite::Row& row) {
  auto state = fleet::parse_resource_state(row.text(6));
  if (!state) return fail(std::move(state).error());
  return fleet::Resource{fleet::ResourceId(row.text(0)),
                         fleet::WorkspaceId(row.text(1)),
                         row.text(2),
                         row.text(3),
                         row.text(4),
                         row.text(5),
                         *state,
                         to_time(row, 7)};
}

}  // namespace

Result<void> Workspaces::insert(const fleet::Workspace& workspace) {
  return database_.execute(
      "INSERT INTO workspaces(id, organization, cloud_account, name, location, state, id_scope, "
      "provisioning_host, provisioning_service, hub_host, blob_endpoint, login_server, created_at) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {workspace.id.str(), workspace.organization.str(), workspace.cloud_account.str(),
       workspace.name, workspace.location, to_string(workspace.state), workspace.id_scope,
       workspace.provisioning_host, workspace.provisioning_service, workspace.hub_host,
       workspace.blob_endpoint, workspace.login_server, to_column(workspace.created_at)});
}

Result<void> Workspaces::update(const fleet::Workspace& workspace) {
  return database_.execute(
      "UPDATE workspaces SET state = ?, id_scope = ?, provisioning_host = ?, "
      "provisioning_service = ?, hub_host = ?, blob_endpoint = ?, login_server = ? WHERE id = ?",
      {to_string(workspace.state), workspace.id_scope, workspace.provisioning_host,
       workspace.provisioning_service, workspace.hub_host, workspace.blob_endpoint,
       workspace.login_server, workspace.id.str()});
}

Result<void> Workspaces::remove(const fleet::WorkspaceId& id) {
  return database_.execute("DELETE FROM workspaces WHERE id = ?", {id.str()});
}

Result<std::optional<fleet::Workspace>> Workspaces::find(const fleet::WorkspaceId& id) const {
  return read_one<fleet::Workspace>(
      database_.query_one("SELECT id, organization, cloud_account, name, location, state, "
                          "id_scope, provisioning_host, provisioning_service, hub_host, "
                          "blob_endpoint, login_server, created_at FROM workspaces WHERE id = ?",
                          {id.str()}),
      read_workspace);
}

Result<std::optional<fleet::Workspace>> Workspaces::find_named(
    const fleet::OrganizationId& organization, const std::string& name) const {
  return read_one<fleet::Workspace>(
      database_.query_one("SELECT id, organization, cloud_account, name, location, state, "
                          "id_scope, provisioning_host, provisioning_service, hub_host, "
                          "blob_endpoint, login_server, created_at FROM workspaces "
                          "WHERE organization = ?1 AND (name = ?2 OR id = ?2) "
                          "ORDER BY name = ?2 DESC",
                          {organization.str(), name}),
      read_workspace);
}

Result<std::vector<fleet::Workspace>> Workspaces::list(
    const fleet::OrganizationId& organization) const {
  return read_all<fleet::Workspace>(
      database_.query("SELECT id, organization, cloud_account, name, location, state, id_scope, "
                      "provisioning_host, provisioning_service, hub_host, blob_endpoint, "
                      "login_server, created_at FROM workspaces WHERE organization = ? "
                      "ORDER BY name",
                      {organization.str()}),
      read_workspace);
}

Result<void> Resources::insert(const fleet::Resource& resource, int position) {
  return database_.execute(
      "INSERT INTO resources(id, workspace, position, type, name, azure_id, region, state, "
      "created_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {resource.id.str(), resource.workspace.str(), position, resource.type, resource.name,
       resource.azure_id, resource.region, to_string(resource.state),
       to_column(resource.created_at)});
}

Result<void> Resources::set_state(const fleet::WorkspaceId& workspace, const std::string& type,
                                  fleet::ResourceState state) {
  return database_.execute("UPDATE resources SET state = ? WHERE workspace = ? AND type = ?",
                           {to_string(state), workspace.str(), type});
}

Result<void> Resources::remove(const fleet::WorkspaceId& workspace, const std::string& type) {
  return database_.execute("DELETE FROM resources WHERE workspace = ? AND type = ?",
                           {workspace.str(), type});
}

Result<std::vector<fleet::Resource>> Resources::list(const fleet::WorkspaceId& workspace) const {
  return read_all<fleet::Resource>(
      database_.query("SELECT id, workspace, type, name, azure_id, region, state, created_at "
                      "FROM resources WHERE workspace = ? ORDER BY position",
                      {workspace.str()}),
      read_resource);
}

}  // namespace ferry::store
