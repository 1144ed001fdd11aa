// SPDX-License-Identifier: Apache-2.0
#include "api/views.hpp"

#include "api/workspace_options.hpp"
#include "base/clock.hpp"
#include "control/nodes/node_health.hpp"

namespace ferry::api {
namespace {

json::value time(const std::optional<Timestamp>& when) {
  return when ? json::value(format_rfc3339(*when)) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

std::string text(std::string_view word) {
  return std::string(word);
}

json::object error_object(const Error& error) {
  return {{"code", text(to_string(error.code))},
          {"message", error.message},
          {"hint", error.hint},
          {"details", json::object{}}};
}

}  // namespace

json::object to_json(const fleet::Organization& organization) {
  return {{"id", organization.id.str()},
          {"name", organization.name},
          {"createdAt", time(organization.created_at)}};
}

json::object to_json(const fleet::CloudAccount& account) {
  const auto& environment = account.environment;
  const auto& suffixes = environment.suffixes;
  return {
      {"id", account.id.str()},
      {"name", account.name},
      {"environment",
       json::object{{"name", environment.name},
                    {"resourceManager", environment.resource_manager},
                    {"activeDirectory", environment.active_directory},
                    {"portal", environment.portal},
                    {"suffixes", json::object{{"storage", suffixes.storage},
                                              {"acrLoginServer", suffixes.acr_login_server},
                                              {"iotHub", suffixes.iot_hub},
                                              {"deviceProvisioning", suffixes.device_provisioning},
                                              {"serviceBus", suffixes.service_bus}}}}},
      {"tenantId", account.tenant_id},
      {"subscriptionId", account.subscription_id},
      {"clientId", account.client_id},
      {"credential", json::object{{"kind", text(fleet::to_string(account.credential.kind))},
                                  {"clientId", text_or_null(account.client_id)},
                                  {"tokenFile", text_or_null(account.credential.token_file)}}},
      {"createdAt", time(account.created_at)}};
}

json::object to_json(const control::SignInView& sign_in) {
  return {{"id", sign_in.id},
          {"status", text(fleet::to_string(sign_in.status))},
          {"userCode", sign_in.user_code},
          {"verificationUri", sign_in.verification_uri},
          {"message", sign_in.message},
          {"expiresAt", time(sign_in.expires_at)},
          {"cloudAccount", text_or_null(sign_in.account)},
          {"error", sign_in.error ? json::value(error_object(*sign_in.error)) : nullptr}};
}

json::object to_json(const control::CustomRole& role) {
  const auto list = [](const std::vector<std::string>& items) {
    return json::array(items.begin(), items.end());
  };
  return {{"Name", role.name},
          {"IsCustom", true},
          {"Description", role.description},
          {"Actions", list(role.actions)},
          {"NotActions", json::array()},
          {"DataActions", list(role.data_actions)},
          {"NotDataActions", json::array()},
          {"AssignableScopes", list(role.assignable_scopes)}};
}

json::object to_json(const control::PreflightReport& report) {
  json::array findings;
  for (const auto& finding : report.findings) {
    findings.push_back(json::object{{"severity", text(fleet::to_string(finding.severity))},
                                    {"code", finding.code},
                                    {"subject", finding.subject},
                                    {"message", finding.message},
                                    {"hint", finding.hint}});
  }
  return {{"passed", report.passed()}, {"findings", std::move(findings)}};
}

json::object to_json(const azure::arm::Location& location) {
  return {{"name", location.name},
          {"displayName", location.display_name},
          {"geography", text_or_null(location.geography)}};
}

json::object to_json(const azure::BudgetView& budget) {
  json::array waiting;
  for (const auto& share : budget.waiting) {
    waiting.push_back(json::object{{"share", share.share}, {"requests", share.requests}});
  }
  return {{"scope", budget.id.scope},
          {"name", budget.id.name},
          {"limit", budget.limit.count},
          {"windowSeconds", static_cast<double>(budget.limit.window.count()) / 1000},
          {"burst", budget.limit.burst},
          {"remaining", budget.remaining},
          {"heldUntil", time(budget.held_until)},
          {"waiting", std::move(waiting)}};
}

json::object to_json(const control::OperationView& operation) {
  json::array steps;
  for (const auto& step : operation.steps) {
    json::array depends_on(step.depends_on.begin(), step.depends_on.end());
    steps.push_back(json::object{{"name", step.name},
                                 {"dependsOn", std::move(depends_on)},
                                 {"status", text(fleet::to_string(step.status))},
                                 {"detail", step.detail},
                                 {"attempt", step.attempt},
                                 {"retryAt", time(step.retry_at)},
                                 {"startedAt", time(step.started_at)},
                                 {"finishedAt", time(step.finished_at)}});
  }
  json::value error = nullptr;
  if (operation.error) error = error_object(*operation.error);
  return {{"id", operation.id.str()},
          {"kind", operation.kind},
          {"target", operation.target},
          {"status", text(fleet::to_string(operation.status))},
          {"cancelRequested", operation.cancel_requested},
          {"steps", std::move(steps)},
          {"error", std::move(error)},
          {"createdAt", time(operation.created_at)},
          {"finishedAt", time(operation.finished_at)}};
}

json::object to_json(const control::WorkspaceView& workspace) {
  const auto& options = workspace.options;
  json::value event_hubs = nullptr;
  if (options.event_hubs) {
    event_hubs = json::object{{"partitions", options.event_hubs->partitions},
                              {"retentionHours", options.event_hubs->retention_hours}};
  }
  json::array hubs;
  for (const auto& hub : workspace.hubs) {
    hubs.push_back(json::object{{"name", hub.name},
                                {"host", text_or_null(hub.host)},
                                {"groups", hub.groups},
                                {"room", hub.room}});
  }
  return {{"id", workspace.id.str()},
          {"name", workspace.name},
          {"location", workspace.location},
          {"cloudAccount", workspace.cloud_account},
          {"state", text(fleet::to_string(workspace.state))},
          {"sku", options.sku},
          {"units", options.units},
          {"eventHubs", std::move(event_hubs)},
          {"identityBased", options.identity_based},
          {"adopt", to_json(options.adopted)},
          {"hubs", std::move(hubs)},
          {"limits", json::object{{"messagesPerDay", workspace.limits.messages_per_day},
                                  {"devices", workspace.limits.devices},
                                  {"deployments", workspace.limits.deployments},
                                  {"endpoints", workspace.limits.endpoints},
                                  {"routes", workspace.limits.routes}}},
          {"createdAt", time(workspace.created_at)}};
}

namespace {

// Null until somebody has looked.
json::value drift_of(const control::ResourceView& resource) {
  if (!resource.last_verified_at) return nullptr;
  json::array drift;
  for (const auto& finding : resource.drift) drift.emplace_back(fleet::to_json(finding));
  return drift;
}

json::value estimate_of(const std::optional<fleet::MonthlyEstimate>& estimate) {
  if (!estimate) return nullptr;
  return json::object{
      {"amount", estimate->amount}, {"currency", estimate->currency}, {"basis", estimate->basis}};
}

}  // namespace

json::object to_json(const control::CreationPlan& plan) {
  json::array resources;
  for (const auto& resource : plan.resources) {
    resources.push_back(json::object{{"type", resource.type},
                                     {"name", resource.name},
                                     {"action", resource.action},
                                     {"monthlyEstimate", estimate_of(resource.monthly_estimate)}});
  }
  auto object = to_json(plan.report);
  object["resources"] = std::move(resources);
  return object;
}

json::object to_json(const control::ResourceView& resource) {
  return {{"type", resource.type},
          {"name", resource.name},
          {"azureId", text_or_null(resource.azure_id)},
          {"region", resource.region},
          {"state", text(fleet::to_string(resource.state))},
          {"origin", text(fleet::to_string(resource.origin))},
          {"sku", text_or_null(resource.sku)},
          {"endpoints", json::array(resource.endpoints.begin(), resource.endpoints.end())},
          {"portalUrl", text_or_null(resource.portal_url)},
          {"createdAt", time(resource.created_at)},
          {"lastVerifiedAt", time(resource.last_verified_at)},
          {"drift", drift_of(resource)},
          {"monthlyEstimate", estimate_of(resource.monthly_estimate)}};
}

json::object to_json(const control::DeletionItem& item) {
  return {{"type", item.type},
          {"name", item.name},
          {"azureId", item.azure_id},
          {"action", item.goes ? "delete" : "keep"},
          {"reason", text_or_null(item.reason)}};
}

json::object to_json(const control::RoutingView& routing) {
  json::array endpoints;
  for (const auto& endpoint : routing.endpoints) {
    endpoints.push_back(json::object{{"name", endpoint.name},
                                     {"kind", endpoint.kind},
                                     {"health", endpoint.health},
                                     {"lastError", text_or_null(endpoint.last_error)},
                                     {"lastSuccessAt", text_or_null(endpoint.last_success_at)}});
  }
  json::array routes;
  for (const auto& route : routing.routes) {
    routes.push_back(json::object{{"name", route.name},
                                  {"source", route.source},
                                  {"condition", route.condition},
                                  {"endpoint", route.endpoint},
                                  {"enabled", route.enabled},
                                  {"problem", text_or_null(route.problem)}});
  }
  return {{"fallback", routing.fallback},
          {"endpoints", std::move(endpoints)},
          {"routes", std::move(routes)}};
}

json::object to_json(const control::GroupView& group) {
  return {{"id", group.id.str()},
          {"name", group.name},
          {"state", text(fleet::to_string(group.state))},
          {"nodeCount", group.node_count},
          {"enrollmentGroup", text_or_null(group.enrollment_group)},
          {"pullCredential", text_or_null(group.pull_credential)},
          {"configuration", text_or_null(group.configuration)},
          {"compositionVersion", group.composition_version},
          {"createdAt", time(group.created_at)}};
}

json::object to_json(const control::CompositionView& composition) {
  json::array components;
  for (const auto& component : composition.components) {
    components.push_back(json::object{
        {"name", component.name}, {"version", component.version}, {"image", component.image}});
  }
  return {{"version", composition.version},
          {"components", std::move(components)},
          {"configuration", composition.configuration},
          {"current", composition.current},
          {"createdAt", time(composition.created_at)}};
}

json::object to_json(const control::NodeTicket& ticket) {
  return {{"id", ticket.id.str()},          {"name", ticket.name},
          {"group", ticket.group},          {"registrationId", ticket.registration_id},
          {"token", ticket.token.reveal()}, {"expiresAt", time(ticket.expires_at)}};
}

json::object to_json(const control::NodeView& node) {
  json::array modules;
  for (const auto& module : node.modules) {
    modules.push_back(json::object{{"name", module.name},
                                   {"version", module.version},
                                   {"status", module.status},
                                   {"runtimeStatus", module.runtime_status},
                                   {"exitCode", module.exit_code},
                                   {"restartCount", module.restart_count},
                                   {"image", module.image},
                                   {"imageDigest", text_or_null(module.image_digest)},
                                   {"lastStartTime", text_or_null(module.last_start_time)}});
  }
  json::value desired = nullptr;
  if (node.desired_status) {
    desired = json::object{{"code", node.desired_status->code},
                           {"description", node.desired_status->description}};
  }
  return {{"id", node.id.str()},
          {"name", node.name},
          {"group", node.group},
          {"registrationId", node.registration_id},
          {"health", text(control::to_string(node.health))},
          {"registered", node.registered},
          {"registeredAt", time(node.registered_at)},
          {"connected", node.connected},
          {"lastReportedAt", time(node.last_reported_at)},
          {"compositionVersion", node.composition_version},
          {"desiredStatus", std::move(desired)},
          {"modules", std::move(modules)},
          {"createdAt", time(node.created_at)}};
}

json::object to_json(const fleet::ComponentVersion& version) {
  json::array files;
  for (const auto& file : version.files) {
    files.push_back(
        json::object{{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
  }
  return {{"version", version.version},
          {"state", text(fleet::to_string(version.state))},
          {"image", text_or_null(version.image)},
          {"digest", text_or_null(version.digest)},
          {"error", text_or_null(version.error)},
          {"files", std::move(files)},
          {"createdAt", time(version.created_at)},
          {"publishedAt", time(version.published_at)}};
}

json::object to_json(const control::ComponentView& component) {
  json::array versions;
  for (const auto& version : component.versions) versions.push_back(to_json(version));
  return {{"name", component.name}, {"versions", std::move(versions)}};
}

json::object to_json(const fleet::Deployment& deployment) {
  json::array components;
  for (const auto& component : deployment.components) {
    components.push_back(json::object{{"name", component.name}, {"version", component.version}});
  }
  json::array groups;
  for (const auto& group : deployment.groups) groups.emplace_back(group);
  return {{"id", deployment.id.str()},
          {"name", deployment.name},
          {"revision", deployment.revision},
          {"components", std::move(components)},
          {"groups", std::move(groups)},
          {"selector", text_or_null(deployment.selector)},
          {"configuration", fleet::to_json(deployment.settings)},
          {"createdAt", time(deployment.created_at)}};
}

json::object to_json(const control::SettingView& setting) {
  return {{"layer", text(fleet::to_string(setting.layer))},
          {"owner", text_or_null(setting.owner)},
          {"component", setting.component},
          {"setting", setting.setting},
          {"value", setting.value}};
}

json::object to_json(const control::EffectiveView& setting) {
  const auto& info = setting.info;
  const bool in_twin = info && info->delivery == fleet::Delivery::twin;
  return {{"component", setting.component},
          {"version", setting.version},
          {"setting", setting.setting},
          {"value", setting.value},
          {"layer", text(fleet::to_string(setting.layer))},
          {"owner", text_or_null(setting.owner)},
          {"delivery", info ? json::value(in_twin ? "twin" : "env") : json::value()},
          {"variable", text_or_null(info ? info->variable : "")},
          {"type", text_or_null(info ? info->type : "")},
          {"description", text_or_null(info ? info->description : "")}};
}

json::object to_json(const control::TraitsView& traits) {
  json::object labels;
  for (const auto& [label, value] : traits.labels) labels[label] = value;
  return {{"labels", std::move(labels)},
          {"capabilities", json::array(traits.capabilities.begin(), traits.capabilities.end())}};
}

json::object to_json(const control::PlanView& plan) {
  json::object object = plan.shown;
  object["id"] = plan.id;
  for (auto& [member, value] : fleet::to_json(plan.change)) object[member] = value;
  object["createdAt"] = time(plan.created_at);
  object["expiresAt"] = time(plan.expires_at);
  object["operation"] = plan.operation ? json::value(*plan.operation) : json::value();
  return object;
}

}  // namespace ferry::api
