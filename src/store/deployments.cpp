// SPDX-License-Identifier: Apache-2.0
#include "store/deployments.hpp"

#include "base/json.hpp"
#include "store/rows.hpp"

namespace ferry::store {
namespace {

std::string write_components(const std::vector<fleet::ComponentRef>& components) {
  json::array array;
  for (const auto& component : components) {
    array.push_back(json::object{{"name", component.name}, {"version", component.version}});
  }
  return json::serialize(array);
}

std::string write_groups(const std::vector<std::string>& groups) {
  return json::serialize(json::array(groups.begin(), groups.end()));
}

Unexpected damaged() {
  return fail(Code::internal, "a stored deployment is damaged");
}

Result<fleet::Deployment> read_deployment(const sqlite::Row& row) {
  fleet::Deployment deployment;
  deployment.id = fleet::DeploymentId(row.text(0));
  deployment.name = row.text(1);
  deployment.revision = row.number(2);
  auto components = parse_json(row.text(3));
  auto groups = parse_json(row.text(4));
  if (!components || !components->is_array() || !groups || !groups->is_array()) return damaged();
  for (const auto& component : components->as_array()) {
    if (!component.is_object()) return damaged();
    deployment.components.push_back({string_or(component.as_object(), "name", ""),
                                     string_or(component.as_object(), "version", "")});
  }
  for (const auto& group : groups->as_array()) {
    if (!group.is_string()) return damaged();
    deployment.groups.emplace_back(group.as_string());
  }
  deployment.created_at = to_time(row, 5);
  deployment.selector = row.text(6);
  auto settings = parse_json_object(row.text(7));
  if (!settings) return damaged();
  auto read = fleet::settings_from_json(*settings);
  if (!read) return damaged();
  deployment.settings = *std::move(read);
  return deployment;
}

}  // namespace

Result<void> Deployments::put(const fleet::WorkspaceId& workspace,
                              const fleet::Deployment& deployment, Timestamp now) {
  const std::string components = write_components(deployment.components);
  const std::string groups = write_groups(deployment.groups);
  const std::string settings = json::serialize(fleet::to_json(deployment.settings));
  auto stored = database_.execute(
      "INSERT INTO deployments(id, workspace, name, revision, components, groups, created_at, "
      "selector, settings) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET "
      "revision = excluded.revision, components = excluded.components, groups = excluded.groups, "
      "selector = excluded.selector, settings = excluded.settings",
      {deployment.id.str(), workspace.str(), deployment.name, deployment.revision, components,
       groups, to_column(deployment.created_at), deployment.selector, settings});
  if (!stored) return stored;
  auto forgotten = database_.execute("DELETE FROM deployment_targets WHERE deployment = ?",
                                     {deployment.id.str()});
  if (!forgotten) return forgotten;
  auto targeted = database_.execute(
      "INSERT INTO deployment_targets(workspace, node_group, deployment) "
      "SELECT DISTINCT ?1, value, ?2 FROM json_each(?3)",
      {workspace.str(), deployment.id.str(), groups});
  if (!targeted) return targeted;
  return database_.execute(
      "INSERT INTO deployment_revisions(workspace, deployment, name, revision, components, groups, "
      "created_at, selector, settings) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {workspace.str(), deployment.id.str(), deployment.name, deployment.revision, components,
       groups, to_column(now), deployment.selector, settings});
}

Result<void> Deployments::remove(const fleet::DeploymentId& id) {
  return database_.execute("DELETE FROM deployments WHERE id = ?", {id.str()});
}

Result<std::optional<fleet::Deployment>> Deployments::find_named(
    const fleet::WorkspaceId& workspace, const std::string& name) const {
  return read_one<fleet::Deployment>(
      database_.query_one("SELECT id, name, revision, components, groups, created_at, selector, "
                          "settings FROM deployments "
                          "WHERE workspace = ?1 AND (name = ?2 OR id = ?2) ORDER BY name = ?2 DESC",
                          {workspace.str(), name}),
      read_deployment);
}

Result<std::vector<fleet::Deployment>> Deployments::list(
    const fleet::WorkspaceId& workspace) const {
  return read_all<fleet::Deployment>(
      database_.query("SELECT id, name, revision, components, groups, created_at, selector, "
                      "settings FROM deployments "
                      "WHERE workspace = ? ORDER BY name",
                      {workspace.str()}),
      read_deployment);
}

Result<std::vector<fleet::Deployment>> Deployments::targeting(
    const fleet::WorkspaceId& workspace, const std::set<std::string>& groups) const {
  const std::string names = json::serialize(json::array(groups.begin(), groups.end()));
  return read_all<fleet::Deployment>(
      database_.query(
          "SELECT id, name, revision, components, groups, created_at, selector, settings FROM "
          "deployments WHERE id IN "
          "(SELECT deployment FROM json_each(?2) JOIN deployment_targets ON workspace = ?1 AND "
          "node_group = value UNION SELECT id FROM deployments WHERE workspace = ?1 AND "
          "selector != '') ORDER BY name",
          {workspace.str(), names}),
      read_deployment);
}

Result<std::vector<fleet::Deployment>> Deployments::revisions(const fleet::WorkspaceId& workspace,
                                                              const std::string& name) const {
  return read_all<fleet::Deployment>(
      database_.query(
          "SELECT deployment, name, revision, components, groups, created_at, "
          "selector, settings FROM deployment_revisions WHERE workspace = ? AND name = ? "
          "ORDER BY created_at DESC, revision DESC",
          {workspace.str(), name}),
      read_deployment);
}

}  // namespace ferry::store
