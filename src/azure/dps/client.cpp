// SPDX-License-Identifier: Apache-2.0
#include "azure/dps/client.hpp"

#include "azure/limits.hpp"

namespace ferry::azure {
namespace {

constexpr std::string_view kVersion = "api-version=2021-10-01";

std::string group_path(std::string_view id) {
  return "/enrollmentGroups/" + percent_encode(id);
}

std::string thumbprint_of_primary(const json::object& group) {
  const json::object* at = &group;
  for (const char* step : {"attestation", "x509", "signingCertificates", "primary", "info"}) {
    at = find_object(*at, step);
    if (!at) return {};
  }
  return string_or(*at, "sha256Thumbprint", "");
}

std::string individual_path(std::string_view registration) {
  return "/enrollments/" + percent_encode(registration);
}

void write_hubs(json::object& object, const std::vector<std::string>& hubs) {
  object["iotHubs"] = json::array(hubs.begin(), hubs.end());
  object["allocationPolicy"] = hubs.size() == 1 ? "static" : "hashed";
}

json::value certificate(const std::string& pem) {
  if (pem.empty()) return nullptr;
  return json::object{{"certificate", pem}};
}

}  // namespace

Result<EnrollmentGroup> read_enrollment_group(const json::object& object) {
  EnrollmentGroup group;
  group.id = string_or(object, "enrollmentGroupId", "");
  if (group.id.empty()) return fail(Code::internal, "DPS sent an enrollment group without its id");
  group.etag = string_or(object, "etag", "");
  group.enabled = equals_ignore_case(string_or(object, "provisioningStatus", "enabled"), "enabled");
  group.primary_thumbprint = thumbprint_of_primary(object);
  if (const auto* capabilities = find_object(object, "capabilities")) {
    group.iot_edge = bool_or(*capabilities, "iotEdge", false);
  } else {
    group.iot_edge = false;
  }
  if (const auto* hubs = find_array(object, "iotHubs")) {
    for (const auto& hub : *hubs) {
      if (hub.is_string()) group.iot_hubs.emplace_back(hub.get_string());
    }
  } else if (auto hub = optional_string(object, "iotHubHostName")) {
    group.iot_hubs.push_back(*hub);
  }
  if (const auto* twin = find_object(object, "initialTwin")) {
    if (const auto* tags = find_object(*twin, "tags")) group.initial_tags = *tags;
    const auto* properties = find_object(*twin, "properties");
    const auto* desired = properties ? find_object(*properties, "desired") : nullptr;
    if (desired) group.initial_desired = *desired;
  }
  if (const auto* policy = find_object(object, "reprovisionPolicy")) {
    group.update_hub_assignment = bool_or(*policy, "updateHubAssignment", true);
    group.migrate_device_data = bool_or(*policy, "migrateDeviceData", true);
  }
  return group;
}

json::object write_enrollment_group(const EnrollmentGroup& group) {
  json::object object{
      {"enrollmentGroupId", group.id},
      {"provisioningStatus", group.enabled ? "enabled" : "disabled"},
      {"attestation",
       {{"type", "x509"},
        {"x509",
         {{"signingCertificates",
           {{"primary", certificate(group.primary_certificate_pem)},
            {"secondary", certificate(group.secondary_certificate_pem)}}}}}}},
      {"capabilities", {{"iotEdge", group.iot_edge}}},
      {"initialTwin",
       {{"tags", group.initial_tags}, {"properties", {{"desired", group.initial_desired}}}}},
      {"reprovisionPolicy",
       {{"updateHubAssignment", group.update_hub_assignment},
        {"migrateDeviceData", group.migrate_device_data}}}};
  if (!group.iot_hubs.empty()) write_hubs(object, group.iot_hubs);
  if (!group.etag.empty()) object["etag"] = group.etag;
  return object;
}

json::object write_individual_enrollment(const IndividualEnrollment& enrollment) {
  json::object object{
      {"registrationId", enrollment.registration_id},
      {"provisioningStatus", enrollment.enabled ? "enabled" : "disabled"},
      {"attestation",
       {{"type", "x509"},
        {"x509",
         {{"clientCertificates",
           {{"primary", certificate(enrollment.primary_certificate_pem)},
            {"secondary", certificate(enrollment.secondary_certificate_pem)}}}}}}},
      {"capabilities", {{"iotEdge", enrollment.iot_edge}}},
      {"initialTwin",
       {{"tags", enrollment.initial_tags},
        {"properties", json::object{{"desired", json::object()}}}}},
      {"reprovisionPolicy", {{"updateHubAssignment", true}, {"migrateDeviceData", true}}}};
  if (!enrollment.iot_hubs.empty()) write_hubs(object, enrollment.iot_hubs);
  return object;
}

Result<RegistrationState> read_registration(const json::object& object) {
  RegistrationState state;
  state.registration_id = string_or(object, "registrationId", "");
  if (state.registration_id.empty()) {
    return fail(Code::internal, "DPS sent a registration without its id");
  }
  state.device_id = string_or(object, "deviceId", "");
  state.assigned_hub = string_or(object, "assignedHub", "");
  state.status = string_or(object, "status", "");
  state.substatus = string_or(object, "substatus", "");
  state.created = string_or(object, "createdDateTimeUtc", "");
  state.last_updated = string_or(object, "lastUpdatedDateTimeUtc", "");
  state.error_code = int_or(object, "errorCode", 0);
  state.error_message = string_or(object, "errorMessage", "");
  state.etag = string_or(object, "etag", "");
  return state;
}

DpsClient::DpsClient(Pipeline& pipeline, SasKey key)
    : pipeline_(pipeline),
      key_(std::move(key)),
      authorize_(authorize_with_sas(key_, pipeline_.clock())) {}

Request DpsClient::request(std::string method, std::string path) const {
  Request request;
  request.budgets = dps_budgets(dps_scope(key_.host));
  request.share = key_.host;
  request.call.method = std::move(method);
  request.call.url = fmt::format("https://{}{}?{}", key_.host, path, kVersion);
  request.call.headers.set("Accept", "application/json");
  request.authorize = authorize_;
  return request;
}

net::Task<Result<json::object>> DpsClient::object(Request request) {
  if (!request.call.body.empty()) {
    request.call.headers.set("Content-Type", "application/json; charset=utf-8");
  }
  const std::string what = describe_call(request.call);
  auto value = co_await pipeline_.send_json(std::move(request));
  if (!value) co_return fail(std::move(value).error());
  if (!value->is_object()) co_return fail(Code::internal, "{}: the answer is no object", what);
  co_return std::move(value->as_object());
}

net::Task<Result<void>> DpsClient::remove(std::string path) {
  auto response = co_await pipeline_.send(request("DELETE", std::move(path)));
  if (!response && response.error().code != Code::not_found) {
    co_return fail(std::move(response).error());
  }
  co_return Result<void>();
}

net::Task<Result<EnrollmentGroup>> DpsClient::put_group(EnrollmentGroup group) {
  // The service takes a PUT without If-Match as creation or replacement; creation must not replace.
  if (group.etag.empty()) {
    auto existing = co_await get_group(group.id);
    if (existing) {
      co_return fail(Code::conflict, "enrollment group {} exists already", group.id);
    }
    if (existing.error().code != Code::not_found) co_return existing;
  }
  Request put = request("PUT", group_path(group.id));
  json::object body = write_enrollment_group(group);
  put.call.body = json::serialize(body);
  // As read, with whatever quotes it has.
  if (!group.etag.empty()) put.call.headers.set("If-Match", group.etag);
  auto made = co_await object(std::move(put));
  if (!made) co_return fail(std::move(made).error().with("write enrollment group {}", group.id));
  co_return read_enrollment_group(*made);
}

net::Task<Result<EnrollmentGroup>> DpsClient::get_group(std::string id) {
  auto found = co_await object(request("GET", group_path(id)));
  if (!found) co_return fail(std::move(found).error());
  co_return read_enrollment_group(*found);
}

net::Task<Result<void>> DpsClient::delete_group(std::string id) {
  co_return co_await remove(group_path(id));
}

net::Task<Result<void>> DpsClient::put_individual(IndividualEnrollment enrollment) {
  const std::string path = individual_path(enrollment.registration_id);
  auto existing = co_await object(request("GET", path));
  if (!existing && existing.error().code != Code::not_found) {
    co_return fail(std::move(existing).error());
  }
  Request put = request("PUT", path);
  json::object body = write_individual_enrollment(enrollment);
  if (existing) {
    const std::string etag = string_or(*existing, "etag", "");
    body["etag"] = etag;
    put.call.headers.set("If-Match", etag);
  }
  put.call.body = json::serialize(body);
  auto made = co_await object(std::move(put));
  if (!made) {
    co_return fail(
        std::move(made).error().with("write the enrollment of {}", enrollment.registration_id));
  }
  co_return Result<void>();
}

net::Task<Result<void>> DpsClient::delete_individual(std::string registration) {
  co_return co_await remove(individual_path(registration));
}

net::Task<Result<std::vector<RegistrationState>>> DpsClient::list_registrations(std::string group) {
  std::vector<RegistrationState> states;
  std::string continuation;
  do {
    Request ask = request("POST", "/registrations/" + percent_encode(group) + "/query");
    ask.call.body = R"({"query":"*"})";
    ask.call.headers.set("Content-Type", "application/json; charset=utf-8");
    ask.call.headers.set("x-ms-max-item-count", "500");
    if (!continuation.empty()) ask.call.headers.set("x-ms-continuation", continuation);
    ask.idempotent = true;
    auto response = co_await pipeline_.send(std::move(ask));
    if (!response) {
      co_return fail(std::move(response).error().with("list registrations of {}", group));
    }
    auto rows = parse_json(response->body);
    if (!rows || !rows->is_array()) {
      co_return fail(Code::internal, "registrations of {}: the answer is no list", group);
    }
    for (const auto& row : rows->get_array()) {
      const auto* entry = row.if_object();
      if (!entry) continue;
      auto state = read_registration(*entry);
      if (!state) co_return fail(std::move(state).error());
      states.push_back(std::move(*state));
    }
    continuation = response->headers.get_or("x-ms-continuation", "");
  } while (!continuation.empty());
  co_return states;
}

net::Task<Result<RegistrationState>> DpsClient::get_registration(std::string registration) {
  auto found = co_await object(request("GET", "/registrations/" + percent_encode(registration)));
  if (!found) co_return fail(std::move(found).error());
  co_return read_registration(*found);
}

net::Task<Result<void>> DpsClient::delete_registration(std::string registration) {
  co_return co_await remove("/registrations/" + percent_encode(registration));
}

}  // namespace ferry::azure
