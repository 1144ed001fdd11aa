// SPDX-License-Identifier: Apache-2.0
// The installer protocol: what devices call, before they have an identity and after. Clients of it
// exist that Ferry did not write, so bodies are taken by what they hold, whatever their content
// type says.
#include "api/caller.hpp"
#include "api/device_answers.hpp"
#include "api/errors.hpp"
#include "api/routes.hpp"

namespace ferry::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Task;

// A JSON object, or form fields; an empty body is an empty object.
Result<json::object> lenient_body(const std::string& body) {
  const auto text = trim(body);
  if (text.empty()) return json::object{};
  if (text.front() != '{' && text.front() != '[' && text.find('=') != std::string_view::npos) {
    json::object fields;
    for (auto& [name, value] : parse_form(text)) fields[name] = value;
    return fields;
  }
  return parse_json_object(text);
}

json::object certificate_answer(const control::IssuedCertificate& issued) {
  return {{"full_chain", issued.full_chain},
          {"device_payload", issued.device_payload},
          {"provisioning_host", issued.provisioning_host},
          {"id_scope", issued.id_scope}};
}

Result<std::optional<std::string>> csr_in(const json::object& body) {
  const auto* csr = body.if_contains("csr");
  if (csr && !csr->is_null() && !csr->is_string()) {
    return fail(Code::invalid_argument, "'csr' must be a PEM text");
  }
  return optional_string(body, "csr");
}

Task<HttpResponse> login_node(control::Control& control, HttpRequest request) {
  auto body = lenient_body(request.body);
  if (!body) co_return device_refusal(body.error());
  auto token = require_string(*body, "token");
  if (!token) co_return device_refusal(token.error());
  auto answer =
      control.registration.login_node({.token = Secret(std::string(trim(*token))),
                                       .name = optional_string(*body, "name"),
                                       .hardware_id = optional_string(*body, "hardware_id"),
                                       .address = request.peer.address});
  if (!answer) co_return device_refusal(answer.error());
  if (const auto* approval = std::get_if<control::AwaitedApproval>(&*answer)) {
    co_return approval_awaited(*approval);
  }
  const auto& session = std::get<control::NodeSession>(*answer);
  co_return json_response(200, json::object{{"access_token", session.access_token.reveal()},
                                            {"registration_id", session.registration_id}});
}

Task<HttpResponse> get_certificate(control::Control& control, HttpRequest request) {
  const auto access_token = bearer_token(request);
  if (access_token.empty()) {
    co_return device_refusal(
        Error{Code::unauthenticated, "the access token of /auth/login_node is missing"});
  }
  auto body = lenient_body(request.body);
  if (!body) co_return device_refusal(body.error());
  auto csr = csr_in(*body);
  if (!csr) co_return device_refusal(csr.error());
  auto issued =
      co_await control.registration.get_certificate(access_token, *csr, request.peer.address);
  if (!issued) co_return device_refusal(issued.error());
  json::object answer = certificate_answer(*issued);
  // Old clients get exactly what they know.
  if (issued->private_key) {
    answer["private_key"] = issued->private_key->reveal();
  } else {
    answer["renew_after"] = format_rfc3339(issued->renew_after);
  }
  co_return json_response(200, answer);
}

Task<HttpResponse> renew(control::Control& control, HttpRequest request) {
  auto body = lenient_body(request.body);
  if (!body) co_return device_refusal(body.error());
  auto csr = csr_in(*body);
  if (!csr) co_return device_refusal(csr.error());
  if (!*csr) co_return device_refusal(Error{Code::invalid_argument, "'csr' is missing"});
  auto answer =
      co_await control.renewals.renew(request.peer.certificate_chain, **csr, request.peer.address);
  if (!answer) co_return device_refusal(answer.error());
  if (const auto* approval = std::get_if<control::AwaitedApproval>(&*answer)) {
    co_return approval_awaited(*approval);
  }
  const auto& issued = std::get<control::IssuedCertificate>(*answer);
  json::object response = certificate_answer(issued);
  response["registration_id"] = issued.registration_id;
  response["renew_after"] = format_rfc3339(issued.renew_after);
  response["reprovision"] = true;  // the hub knows devices by their leaf's thumbprint
  co_return json_response(200, response);
}

Task<HttpResponse> status(control::Control& control, HttpRequest request) {
  auto answer = control.renewals.status(request.peer.certificate_chain, request.peer.address);
  if (!answer) co_return device_refusal(answer.error());
  co_return json_response(
      200,
      json::object{{"registration_id", answer->registration_id},
                   {"state", "active"},
                   {"renew_after", format_rfc3339(answer->renew_after)},
                   {"check_after", answer->check_after.count()},
                   {"certificate", json::object{{"thumbprint", answer->thumbprint},
                                                {"not_after", format_rfc3339(answer->not_after)}}},
                   {"device_payload", answer->device_payload},
                   {"provisioning_host", answer->provisioning_host},
                   {"id_scope", answer->id_scope}});
}

using Exchange = Task<HttpResponse> (*)(control::Control&, HttpRequest);

void add(net::Router& router, control::Control& control, std::string_view path, Exchange exchange) {
  router.add("POST", path, [&control, exchange](HttpRequest request, net::RouteParameters) {
    return exchange(control, std::move(request));
  });
}

}  // namespace

void add_installer_routes(net::Router& router, control::Control& control) {
  add(router, control, "/auth/login_node", login_node);
  add(router, control, "/registration/azure/get_certificate", get_certificate);
  add(router, control, "/registration/renew", renew);
  add(router, control, "/registration/status", status);
}

}  // namespace ferry::api
