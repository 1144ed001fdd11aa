// SPDX-License-Identifier: Apache-2.0
// The installer protocol: what devices call before they have an identity. Clients of it exist that
// Ferry did not write, so bodies are taken by what they hold, whatever their content type says.
#include "api/caller.hpp"
#include "api/errors.hpp"
#include "api/routes.hpp"

namespace ferry::api {
namespace {

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

net::HttpResponse login_node(control::Control& control, const net::HttpRequest& request) {
  auto body = lenient_body(request.body);
  if (!body) return error_response(body.error());
  auto token = require_string(*body, "token");
  if (!token) return error_response(token.error());
  auto session = control.registration.login_node(Secret(std::string(trim(*token))));
  if (!session) return error_response(session.error());
  return json_response(200, json::object{{"access_token", session->access_token.reveal()},
                                         {"registration_id", session->registration_id}});
}

net::HttpResponse get_certificate(control::Control& control, const net::HttpRequest& request) {
  const auto access_token = bearer_token(request);
  if (access_token.empty()) {
    return error_response(
        Error{Code::unauthenticated, "the access token of /auth/login_node is missing"});
  }
  auto body = lenient_body(request.body);
  if (!body) return error_response(body.error());
  const auto* csr = body->if_contains("csr");
  if (csr && !csr->is_null() && !csr->is_string()) {
    return error_response(Error{Code::invalid_argument, "'csr' must be a PEM text"});
  }
  auto issued = control.registration.get_certificate(access_token, optional_string(*body, "csr"));
  if (!issued) return error_response(issued.error());
  json::object answer{{"full_chain", issued->full_chain},
                      {"device_payload", issued->device_payload},
                      {"provisioning_host", issued->provisioning_host},
                      {"id_scope", issued->id_scope}};
  if (issued->private_key) answer["private_key"] = issued->private_key->reveal();
  return json_response(200, answer);
}

using Exchange = net::HttpResponse (*)(control::Control&, const net::HttpRequest&);

net::Task<net::HttpResponse> serve(control::Control& control, Exchange exchange,
                                   net::HttpRequest request) {
  co_return exchange(control, request);
}

void add(net::Router& router, control::Control& control, std::string_view path, Exchange exchange) {
  router.add("POST", path, [&control, exchange](net::HttpRequest request, net::RouteParameters) {
    return serve(control, exchange, std::move(request));
  });
}

}  // namespace

void add_installer_routes(net::Router& router, control::Control& control) {
  add(router, control, "/auth/login_node", login_node);
  add(router, control, "/registration/azure/get_certificate", get_certificate);
}

}  // namespace ferry::api
