// SPDX-License-Identifier: Apache-2.0
#include "store/workspaces.hpp"

#include "base/json.hpp"
#include "fleet/adoption.hpp"
#include "fleet/azure_names.hpp"
#include "store/rows.hpp"

namespace ferry::store {
namespace {

std::string write_options(const fleet::WorkspaceOptions& options) {
  json::object object{
      {"sku", options.sku}, {"units", options.units}, {"identityBased", options.identity_based}};
  if (options.event_hubs) {
    object["eventHubs"] = {{"partitions", options.event_hubs->partitions},
                           {"retentionHours", options.event_hubs->retention_hours}};
  }
  json::object adopted;
  for (const auto& kind : fleet::adoptable_kinds()) {
    const auto& id = options.adopted.*kind.id;
    if (!id.empty()) adopted[kind.key] = id;
  }
  if (!adopted.empty()) object["adopted"] = std::move(adopted);
  return json::serialize(object);
}

Result<fleet::WorkspaceOptions> read_options(const std::string& text) {
  auto object = parse_json_object(text);
  if (!object) return fail(Code::internal, "a workspace's options are damaged");
  fleet::WorkspaceOptions options;
  options.sku = string_or(*object, "sku", options.sku);
  options.units = static_cast<int>(int_or(*object, "units", options.units));
  options.identity_based = bool_or(*object, "identityBased", false);
  if (const auto* adopted = find_object(*object, "adopted")) {
    for (const auto& kind : fleet::adoptable_kinds()) {
      options.adopted.*kind.id = string_or(*adopted, kind.key, "");
    }
  }
  if (const auto* hubs = find_object(*object, "eventHubs")) {
    options.event_hubs.emplace();
    options.event_hubs->partitions = static_cast<int>(int_or(*hubs, "partitions", 4));
    options.event_hubs->retention_hours = static_cast<int>(int_or(*hubs, "retentionHours", 24));
  }
  return options;
}

// Member and column name of each kept name.
struct NameField {
  const char* member;
  std::string fleet::AzureNames::* field;
};
constexpr NameField kNameFields[] = {
    {"resourceGroup", &fleet::AzureNames::resource_group},
    {"iotHub", &fleet::AzureNames::iot_hub},
    {"provisioningService", &fleet::AzureNames::provisioning_service},
    {"storageAccount", &fleet::AzureNames::storage_account},
    {"container", &fleet::AzureNames::container},
    {"registry", &fleet::AzureNames::registry},
    {"eventHubsNamespace", &fleet::AzureNames::event_hubs_namespace},
    {"caCertificate", &fleet::AzureNames::ca_certificate}};

std::string write_names(const fleet::AzureNames& names) {
  json::object object;
  for (const auto& [member, field] : kNameFields) object[member] = names.*field;
  return json::serialize(object);
}

// A name that was never kept is the derived one.
Result<fleet::AzureNames> read_names(const std::string& text, const fleet::Workspace& workspace) {
  auto object = parse_json_object(text);
  if (!object) return fail(Code::internal, "a workspace's names are damaged");
  auto names = fleet::azure_names(workspace.id, workspace.name);
  for (const auto& [member, field] : kNameFields) {
    const auto kept = string_or(*object, member, "");
    if (!kept.empty()) names.*field = kept;
  }
  return names;
}

std::string write_hubs(const std::vector<fleet::FurtherHub>& hubs) {
  json::array list;
  for (const auto& hub : hubs) {
    list.push_back(json::object{{"key", hub.key}, {"name", hub.name}, {"host", hub.host}});
  }
  return json::serialize(list);
}

Result<std::vector<fleet::FurtherHub>> read_hubs(const std::string& text) {
  auto list = parse_json(text);
  if (!list || !list->is_array()) return fail(Code::internal, "a workspace's hubs are damaged");
  std::vector<fleet::FurtherHub> hubs;
  for (const auto& item : list->as_array()) {
    const auto* hub = item.if_object();
    if (!hub) return fail(Code::internal, "a workspace's hubs are damaged");
    hubs.push_back(
        {string_or(*hub, "key", ""), string_or(*hub, "name", ""), string_or(*hub, "host", "")});
  }
  return hubs;
}

std::string write_list(const std::vector<std::string>& items) {
  return json::serialize(json::array(items.begin(), items.end()));
}

std::vector<std::string> read_list(const std::string& text) {
  std::vector<std::string> items;
  const auto value = parse_json(text);
  const auto* array = value ? value->if_array() : nullptr;
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if ((*array)[i].is_string()) items.emplace_back((*array)[i].get_string());
  }
  return items;
}

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
  auto options = read_options(row.text(13));
  if (!options) return fail(std::move(options).error());
  workspace.options = *std::move(options);
  auto names = read_names(row.text(14), workspace);
  if (!names) return fail(std::move(names).error());
  workspace.names = *std::move(names);
  auto hubs = read_hubs(row.text(15));
  if (!hubs) return fail(std::move(hubs).error());
  workspace.further_hubs = *std::move(hubs);
  return workspace;
}

Result<fleet::Resource> read_resource(const sqlite::Row& row) {
  auto state = fleet::parse_resource_state(row.text(7));
  if (!state) return fail(std::move(state).error());
  auto origin = fleet::parse_resource_origin(row.text(8));
  if (!origin) return fail(std::move(origin).error());
  return fleet::Resource{.id = fleet::ResourceId(row.text(0)),
                         .workspace = fleet::WorkspaceId(row.text(1)),
                         .key = row.text(2),
                         .type = row.text(3),
                         .name = row.text(4),
                         .azure_id = row.text(5),
                         .region = row.text(6),
                         .state = *state,
                         .origin = *origin,
                         .sku = row.text(9),
                         .endpoints = read_list(row.text(10)),
                         .created_at = to_time(row, 11),
                         .last_verified_at = to_optional_time(row, 12),
                         .drift = row.text(13)};
}

}  // namespace

Result<void> Workspaces::insert(const fleet::Workspace& workspace) {
  return database_.execute(
      "INSERT INTO workspaces(id, organization, cloud_account, name, location, state, id_scope, "
      "provisioning_host, provisioning_service, hub_host, blob_endpoint, login_server, created_at, "
      "options, names, further_hubs) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {workspace.id.str(), workspace.organization.str(), workspace.cloud_account.str(),
       workspace.name, workspace.location, to_string(workspace.state), workspace.id_scope,
       workspace.provisioning_host, workspace.provisioning_service, workspace.hub_host,
       workspace.blob_endpoint, workspace.login_server, to_column(workspace.created_at),
       write_options(workspace.options), write_names(workspace.names),
       write_hubs(workspace.further_hubs)});
}

Result<void> Workspaces::update(const fleet::Workspace& workspace) {
  return database_.execute(
      "UPDATE workspaces SET state = ?, id_scope = ?, provisioning_host = ?, "
      "provisioning_service = ?, hub_host = ?, blob_endpoint = ?, login_server = ?, names = ?, "
      "further_hubs = ?, options = ? WHERE id = ?",
      {to_string(workspace.state), workspace.id_scope, workspace.provisioning_host,
       workspace.provisioning_service, workspace.hub_host, workspace.blob_endpoint,
       workspace.login_server, write_names(workspace.names), write_hubs(workspace.further_hubs),
       write_options(workspace.options), workspace.id.str()});
}

Result<void> Workspaces::remove(const fleet::WorkspaceId& id) {
  return database_.execute("DELETE FROM workspaces WHERE id = ?", {id.str()});
}

Result<std::optional<fleet::Workspace>> Workspaces::find(const fleet::WorkspaceId& id) const {
  return read_one<fleet::Workspace>(
      database_.query_one("SELECT id, organization, cloud_account, name, location, state, "
                          "id_scope, provisioning_host, provisioning_service, hub_host, "
                          "blob_endpoint, login_server, created_at, options, names, further_hubs "
                          "FROM workspaces WHERE id = ?",
                          {id.str()}),
      read_workspace);
}

Result<std::optional<fleet::Workspace>> Workspaces::find_named(
    const fleet::OrganizationId& organization, const std::string& name) const {
  return read_one<fleet::Workspace>(
      database_.query_one(
          "SELECT id, organization, cloud_account, name, location, state, "
          "id_scope, provisioning_host, provisioning_service, hub_host, "
          "blob_endpoint, login_server, created_at, options, names, further_hubs FROM workspaces "
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
                      "login_server, created_at, options, names, further_hubs FROM workspaces "
                      "WHERE organization = ? "
                      "ORDER BY name",
                      {organization.str()}),
      read_workspace);
}

Result<void> Resources::insert(const fleet::Resource& resource, int position) {
  return database_.execute(
      "INSERT INTO resources(id, workspace, position, key, type, name, azure_id, region, state, "
      "origin, sku, endpoints, created_at, last_verified_at) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {resource.id.str(), resource.workspace.str(), position, resource.key, resource.type,
       resource.name, resource.azure_id, resource.region, to_string(resource.state),
       to_string(resource.origin), resource.sku, write_list(resource.endpoints),
       to_column(resource.created_at), to_column(resource.last_verified_at)});
}

Result<void> Resources::set_state(const fleet::WorkspaceId& workspace, const std::string& key,
                                  fleet::ResourceState state) {
  return database_.execute("UPDATE resources SET state = ? WHERE workspace = ? AND key = ?",
                           {to_string(state), workspace.str(), key});
}

Result<void> Resources::rename(const fleet::WorkspaceId& workspace, const std::string& key,
                               const std::string& name, const std::string& azure_id) {
  return database_.execute(
      "UPDATE resources SET name = ?, azure_id = ? WHERE workspace = ? AND key = ?",
      {name, azure_id, workspace.str(), key});
}

Result<void> Resources::describe(const fleet::WorkspaceId& workspace, const std::string& key,
                                 fleet::ResourceOrigin origin, const std::string& region,
                                 const std::string& sku) {
  return database_.execute(
      "UPDATE resources SET origin = ?, region = ?, sku = ? WHERE workspace = ? AND key = ?",
      {to_string(origin), region, sku, workspace.str(), key});
}

Result<void> Resources::set_endpoints(const fleet::WorkspaceId& workspace, const std::string& key,
                                      const std::vector<std::string>& endpoints) {
  return database_.execute("UPDATE resources SET endpoints = ? WHERE workspace = ? AND key = ?",
                           {write_list(endpoints), workspace.str(), key});
}

Result<void> Resources::set_verified(const fleet::WorkspaceId& workspace, const std::string& key,
                                     const std::string& drift, Timestamp now) {
  return database_.execute(
      "UPDATE resources SET drift = ?, last_verified_at = ? WHERE workspace = ? AND key = ?",
      {drift, to_column(now), workspace.str(), key});
}

Result<void> Resources::remove(const fleet::WorkspaceId& workspace, const std::string& key) {
  return database_.execute("DELETE FROM resources WHERE workspace = ? AND key = ?",
                           {workspace.str(), key});
}

Result<std::optional<fleet::Resource>> Resources::find(const fleet::WorkspaceId& workspace,
                                                       const std::string& key) const {
  return read_one<fleet::Resource>(
      database_.query_one("SELECT id, workspace, key, type, name, azure_id, region, state, origin, "
                          "sku, endpoints, created_at, last_verified_at, drift FROM resources "
                          "WHERE workspace = ? AND key = ?",
                          {workspace.str(), key}),
      read_resource);
}

Result<std::vector<fleet::Resource>> Resources::list(const fleet::WorkspaceId& workspace) const {
  return read_all<fleet::Resource>(
      database_.query("SELECT id, workspace, key, type, name, azure_id, region, state, origin, "
                      "sku, endpoints, created_at, last_verified_at, drift FROM resources "
                      "WHERE workspace = ? ORDER BY position",
                      {workspace.str()}),
      read_resource);
}

}  // namespace ferry::store
