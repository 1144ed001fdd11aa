// SPDX-License-Identifier: Apache-2.0
#include "agent/cloud_identity.hpp"

#include "agent/dps_registration.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"

namespace ferry::agent {
namespace {

using net::Task;

constexpr std::string_view kDeviceApiVersion = "2017-11-08-preview";

std::string modules_url(const Assignment& assignment, std::string_view module) {
  std::string url = fmt::format("https://{}/devices/{}/modules", assignment.hub,
                                percent_encode(assignment.device_id));
  if (!module.empty()) url += "/" + percent_encode(module);
  return fmt::format("{}?api-version={}", url, kDeviceApiVersion);
}

Error hub_error(const net::HttpResponse& response) {
  Code code = Code::unavailable;
  if (response.status == 401 || response.status == 403) code = Code::unauthenticated;
  if (response.status == 404) code = Code::not_found;
  if (response.status == 429) code = Code::resource_exhausted;
  std::string message;
  if (const auto object = parse_json_object(response.body)) {
    message = string_or(*object, "Message", string_or(*object, "message", ""));
  }
  return {code, fmt::format("the hub answered {} {}", response.status, message)};
}

Task<Result<net::HttpResponse>> put_module(net::HttpClient& http, std::string url,
                                           json::object body, bool update) {
  net::HttpCall call;
  call.method = "PUT";
  call.url = std::move(url);
  call.headers.set("Content-Type", "application/json");
  if (update) call.headers.set("If-Match", "*");
  call.body = json::serialize(body);
  call.max_body = 1024 * 1024;
  co_return co_await http.send(std::move(call));
}

}  // namespace

Secret random_module_key() {
  return Secret(base64_encode(random_bytes(32)));
}

// Hubs are named without a port. A local cloud that cannot have port 443 has its provisioning
// service and its hubs at another one, the same for both.
static std::string at_port_of(const std::string& provisioning_host, const std::string& hub) {
  const auto colon = provisioning_host.rfind(':');
  const bool plain = colon == std::string::npos || hub.find(':') != std::string::npos;
  return plain ? hub : hub + provisioning_host.substr(colon);
}

Task<Result<Assignment>> provision(net::HttpClient& http, Registration registration) {
  // The hub's device ids distinguish case, registration ids do not: lower case everywhere.
  DpsRegistration machine(registration.id_scope, to_lower(registration.registration_id),
                          registration.payload);
  DpsRegistration::Step step = machine.start();
  for (;;) {
    if (auto* error = std::get_if<Error>(&step)) {
      co_return fail(std::move(*error).with("register {} at {}", registration.registration_id,
                                            registration.provisioning_host));
    }
    if (auto* assigned = std::get_if<DpsRegistration::Assigned>(&step)) {
      Assignment assignment;
      assignment.hub = at_port_of(registration.provisioning_host, assigned->hub);
      assignment.device_id = assigned->device_id;
      co_return assignment;
    }
    if (auto* pause = std::get_if<DpsRegistration::Pause>(&step)) {
      co_await net::sleep_for(pause->duration);
      step = machine.on_pause_over();
      continue;
    }
    const auto wanted = std::get<DpsRegistration::Call>(step);
    net::HttpCall call;
    call.method = wanted.method;
    call.url = fmt::format("https://{}{}", registration.provisioning_host, wanted.target);
    call.headers.set("Content-Type", "application/json");
    call.body = wanted.body;
    call.max_body = 1024 * 1024;
    auto response = co_await http.send(std::move(call));
    if (!response) {
      co_return fail(
          std::move(response).error().with("register at {}", registration.provisioning_host));
    }
    step = machine.on_response(response->status, response->headers.get_or("Retry-After", ""),
                               response->body);
  }
}

Task<Result<void>> set_module_key(net::HttpClient& http, Assignment assignment) {
  const std::string url = modules_url(assignment, kAgentModule);
  const std::string& key = assignment.module_key.reveal();
  const json::object identity = {{"moduleId", kAgentModule}, {"deviceId", assignment.device_id}};
  json::object with_key = identity;
  with_key["managedBy"] = "IotEdge";
  with_key["authentication"] = {{"type", "sas"},
                                {"symmetricKey", {{"primaryKey", key}, {"secondaryKey", key}}}};
  auto response = co_await put_module(http, url, with_key, true);
  if (response && response->status == 404) {
    auto created = co_await put_module(http, url, identity, false);
    if (!created) co_return fail(std::move(created).error().with("create {}", kAgentModule));
    response = co_await put_module(http, url, with_key, true);
  }
  if (!response) co_return fail(std::move(response).error().with("set the module's key"));
  if (response->status < 200 || response->status >= 300) {
    co_return fail(hub_error(*response).with("set the module's key"));
  }
  co_return Result<void>();
}

Task<Result<std::map<std::string, std::string>>> module_generations(net::HttpClient& http,
                                                                    Assignment assignment) {
  net::HttpCall call;
  call.url = modules_url(assignment, "");
  call.max_body = 1024 * 1024;
  auto response = co_await http.send(std::move(call));
  if (!response) co_return fail(std::move(response).error().with("list the modules"));
  if (response->status != 200) co_return fail(hub_error(*response).with("list the modules"));
  const auto list = parse_json(response->body);
  if (!list || !list->is_array()) co_return fail(Code::unavailable, "no list of modules");
  std::map<std::string, std::string> generations;
  for (const auto& entry : list->as_array()) {
    if (!entry.is_object()) continue;
    const auto id = optional_string(entry.as_object(), "moduleId");
    if (id) generations[*id] = string_or(entry.as_object(), "generationId", "");
  }
  co_return generations;
}

}  // namespace ferry::agent
