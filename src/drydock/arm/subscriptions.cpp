// SPDX-License-Identifier: Apache-2.0
// Tenants, the subscription, its locations, and the polling of operations.
#include "base/encoding.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

namespace {

json::object subscription(const Context& context) {
  const std::string& id = context.account.subscription_id;
  return {{"id", "/subscriptions/" + id},
          {"authorizationSource", "RoleBased"},
          {"managedByTenants", json::array()},
          {"subscriptionId", id},
          {"tenantId", context.account.tenant_id},
          {"displayName", "Drydock"},
          {"state", "Enabled"},
          {"subscriptionPolicies", json::object{{"locationPlacementId", "Public_2014-09-01"},
                                                {"quotaId", "PayAsYouGo_2014-09-01"},
                                                {"spendingLimit", "Off"}}}};
}

json::object tenant(const Context& context) {
  const std::string& id = context.account.tenant_id;
  return {{"id", "/tenants/" + id},
          {"tenantId", id},
          {"countryCode", "DE"},
          {"displayName", "Drydock"},
          {"defaultDomain", Endpoints::kDomain},
          {"domains", json::array{std::string(Endpoints::kDomain)}},
          {"tenantCategory", "Home"}};
}

json::object location_item(const Context& context, const Location& location) {
  const std::string prefix =
      fmt::format("/subscriptions/{}/locations/", context.account.subscription_id);
  json::array paired{
      json::object{{"name", location.paired}, {"id", prefix + std::string(location.paired)}}};
  return {
      {"id", prefix + std::string(location.name)},
      {"name", location.name},
      {"type", "Region"},
      {"displayName", location.display_name},
      {"regionalDisplayName", fmt::format("({}) {}", location.geography, location.display_name)},
      {"metadata", json::object{{"regionType", "Physical"},
                                {"regionCategory", "Recommended"},
                                {"geographyGroup", location.geography},
                                {"pairedRegion", std::move(paired)}}}};
}

}  // namespace

void add_subscription_routes(Context& context, Access& access, Routes& routes) {
  // Only for those who have a role somewhere in it.
  routes.add("GET", "/subscriptions", [&context, &access](const Call&) -> Answer {
    auto visible = access.has_role(context.caller().object_id);
    if (!visible) return fail(std::move(visible).error());
    json::array values;
    if (*visible) values.push_back(subscription(context));
    const auto count = static_cast<std::int64_t>(values.size());
    return json_response(
        200, json::object{{"value", std::move(values)},
                          {"count", json::object{{"type", "Total"}, {"value", count}}}});
  });
  routes.add("GET", kSubscription, [&context](const Call&) -> Answer {
    return json_response(200, subscription(context));
  });
  routes.add("GET", "/tenants", [&context](const Call&) -> Answer {
    return json_response(200, json::object{{"value", json::array{tenant(context)}}});
  });
  routes.add("GET", fmt::format("{}/locations", kSubscription), [&context](const Call&) -> Answer {
    json::array values;
    for (const Location& location : all_locations()) {
      values.push_back(location_item(context, location));
    }
    return json_response(200, json::object{{"value", std::move(values)}});
  });
}

namespace {

std::string_view status_word(OperationStatus status) {
  switch (status) {
    case OperationStatus::running:
      return "Running";
    case OperationStatus::succeeded:
      return "Succeeded";
    case OperationStatus::failed:
      return "Failed";
  }
  FERRY_CHECK(false);
}

json::object status_body(const Operation& operation, std::string_view running_word) {
  const bool running = operation.status == OperationStatus::running;
  json::object body{{"status", running ? running_word : status_word(operation.status)}};
  if (operation.status == OperationStatus::failed && operation.failure) {
    body["error"] =
        json::object{{"code", operation.failure->code}, {"message", operation.failure->message}};
  }
  return body;
}

// What the Location of an operation that failed leads to.
HttpResponse failed_response(const Operation& operation) {
  const OperationFailure failure =
      operation.failure.value_or(OperationFailure{"InternalServerError", "The operation failed."});
  return arm_error(409, failure.code, failure.message);
}

Outcome<Operation> require_operation(Context& context, const Call& call) {
  auto operation = context.store.find_operation(call.path.at("operation"));
  if (!operation) return fail(std::move(operation).error());
  if (*operation) return **operation;
  return refuse(arm_error(404, "NotFound", "There is no such operation."));
}

// The header that points to where `call` itself was sent, so that the next poll goes there again.
std::string same_url(const Context& context, const Call& call) {
  return context.endpoints.management_url() + call.request.target;
}

// Azure-AsyncOperation: 200 with the status in the body. Without "asyncinfo" Microsoft.Devices
// speaks the Location protocol at the same place: 202 until 200 without a body.
Answer poll_devices(Context& context, const Call& call) {
  auto operation = require_operation(context, call);
  if (!operation) return fail(std::move(operation).error());
  const bool running = operation->status == OperationStatus::running;
  if (call.request.query_value("asyncinfo")) {
    HttpResponse response = json_response(200, status_body(*operation, "Running"));
    if (running) add_retry_after(context, response);
    return response;
  }
  if (operation->status == OperationStatus::failed) return failed_response(*operation);
  HttpResponse response = empty_response(running ? 202 : 200);
  if (running) {
    response.headers.set("Location", same_url(context, call));
    add_retry_after(context, response);
  }
  return response;
}

Answer poll_group_deletion(Context& context, const Call& call) {
  auto operation = require_operation(context, call);
  if (!operation) return fail(std::move(operation).error());
  if (operation->status == OperationStatus::failed) return failed_response(*operation);
  if (operation->status == OperationStatus::succeeded) return empty_response(200);
  HttpResponse response = empty_response(202);
  response.headers.set("Location", same_url(context, call));
  add_retry_after(context, response);
  return response;
}

// Storage: 202 without a body until 200 with the account.
Answer poll_storage(Context& context, const Call& call) {
  auto operation = require_operation(context, call);
  if (!operation) return fail(std::move(operation).error());
  if (operation->status == OperationStatus::running) {
    HttpResponse response = empty_response(202);
    response.headers.set("Location", same_url(context, call));
    add_retry_after(context, response);
    return response;
  }
  if (operation->status == OperationStatus::failed) return failed_response(*operation);
  auto account = context.store.find(operation->target);
  if (!account) return fail(std::move(account).error());
  if (!*account) return empty_response(204);
  return json_response(200, (*account)->document);
}

Answer poll_registry(Context& context, const Call& call) {
  auto operation = require_operation(context, call);
  if (!operation) return fail(std::move(operation).error());
  json::object body = status_body(*operation, "Creating");
  body["id"] = std::string(call.request.path());
  body["name"] = call.path.at("operation");
  HttpResponse response = json_response(200, body);
  response.headers.set("Azure-AsyncOperation", same_url(context, call));
  if (operation->status == OperationStatus::running) add_retry_after(context, response);
  return response;
}

}  // namespace

void add_operation_routes(Context& context, Routes& routes) {
  const std::string devices =
      fmt::format("{}/providers/Microsoft.Devices/locations/{{location}}", kSubscription);
  const auto devices_poll = [&context](const Call& call) { return poll_devices(context, call); };
  routes.add("GET", devices + "/operationResults/{operation}", devices_poll);
  routes.add("GET", devices + "/provisioningserviceoperationresults/{operation}", devices_poll);
  routes.add("GET", fmt::format("{}/operationresults/{{operation}}", kSubscription),
             [&context](const Call& call) { return poll_group_deletion(context, call); });
  routes.add("GET",
             fmt::format("{}/providers/Microsoft.Storage/locations/{{location}}/asyncoperations/"
                         "{{operation}}",
                         kSubscription),
             [&context](const Call& call) { return poll_storage(context, call); });
  routes.add_resource("GET", kRegistryType, "/operationStatuses/{operation}",
                      [&context](const Call& call) { return poll_registry(context, call); });
}

}  // namespace drydock::arm
