// SPDX-License-Identifier: Apache-2.0
// How a browser signs in and out (docs/api.md, "Sessions").
#include "api/caller.hpp"
#include "api/errors.hpp"
#include "api/routes.hpp"

namespace ferry::api {
namespace {

json::object to_json(const control::Session& session) {
  return {{"user", session.caller.user},
          {"role", std::string(fleet::to_string(session.caller.role))},
          {"organization", session.caller.organization.name},
          {"csrf", session.csrf.reveal()},
          {"expiresAt", format_rfc3339(session.expires_at)}};
}

// A form of another site cannot send this type, so it cannot sign a browser in as somebody else.
bool is_json(const net::HttpRequest& request) {
  const auto type = request.headers.get_or("Content-Type", "");
  return equals_ignore_case(trim(std::string_view(type).substr(0, type.find(';'))),
                            "application/json");
}

Answer sign_in(control::Control& control, const Clock& clock, const net::HttpRequest& request) {
  if (!is_json(request)) {
    return fail(Code::invalid_argument, "the Content-Type must be application/json");
  }
  auto body = parse_json_object(request.body);
  if (!body) return fail(std::move(body).error());
  auto token = require_string(*body, "token");
  if (!token) return fail(std::move(token).error());
  auto begun = control.sessions.sign_in(Secret(std::string(trim(*token))), request.peer.address);
  if (!begun) return fail(std::move(begun).error());
  auto response = json_response(201, to_json(begun->session));
  const auto life =
      std::chrono::floor<std::chrono::seconds>(begun->session.expires_at - clock.now());
  response.headers.set("Set-Cookie", set_session_cookie(begun->cookie, life));
  return response;
}

Answer show(control::Control& control, const Clock&, const net::HttpRequest& request) {
  auto session = control.sessions.find(session_cookie(request));
  if (!session) return fail(std::move(session).error());
  return json_response(200, to_json(*session));
}

Answer sign_out(control::Control& control, const Clock&, const net::HttpRequest& request) {
  const auto cookie = session_cookie(request);
  auto session = control.sessions.find(cookie);
  if (!session) return fail(std::move(session).error());
  if (auto allowed = check_csrf(*session, request); !allowed) {
    return fail(std::move(allowed).error());
  }
  if (auto ended = control.sessions.sign_out(cookie); !ended) return fail(std::move(ended).error());
  auto response = no_content();
  response.headers.set("Set-Cookie", clear_session_cookie());
  return response;
}

using Exchange = Answer (*)(control::Control&, const Clock&, const net::HttpRequest&);

net::Task<net::HttpResponse> serve(control::Control& control, const Clock& clock, Exchange exchange,
                                   net::HttpRequest request) {
  auto answer = exchange(control, clock, request);
  if (!answer) co_return error_response(answer.error());
  co_return *std::move(answer);
}

}  // namespace

void add_session_routes(net::Router& router, control::Control& control, const Clock& clock) {
  const auto add = [&](std::string method, Exchange exchange) {
    router.add(std::move(method), "/auth/session",
               [&control, &clock, exchange](net::HttpRequest request, net::RouteParameters) {
                 return serve(control, clock, exchange, std::move(request));
               });
  };
  add("POST", sign_in);
  add("GET", show);
  add("DELETE", sign_out);
}

}  // namespace ferry::api
