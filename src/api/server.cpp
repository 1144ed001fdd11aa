// SPDX-License-Identifier: Apache-2.0
#include "api/server.hpp"

#include "api/caller.hpp"
#include "api/console_files.hpp"
#include "api/errors.hpp"
#include "api/openapi.hpp"
#include "api/routes.hpp"
#include "base/log.hpp"

namespace ferry::api {
namespace {

constexpr std::string_view kVersion = "0.1.0";
constexpr std::string_view kDescriptionPath = "/api/v1/openapi.json";

net::Task<net::HttpResponse> front_page(net::HttpRequest, net::RouteParameters) {
  net::HttpResponse response;
  response.status = 302;
  response.headers.set("Location", "/console/");
  co_return response;
}

net::Task<net::HttpResponse> console_home(net::HttpRequest request, net::RouteParameters) {
  co_return console_file("index.html", request);
}

net::Task<net::HttpResponse> console(net::HttpRequest request, net::RouteParameters parameters) {
  co_return console_file(parameters.at("path"), request);
}

net::Task<net::HttpResponse> description(net::HttpRequest, net::RouteParameters) {
  static const json::object kDescription = openapi_description();
  co_return json_response(200, kDescription);
}

net::Task<net::HttpResponse> health(net::HttpRequest, net::RouteParameters) {
  co_return json_response(200, json::object{{"status", "ok"}, {"version", kVersion}});
}

net::HttpResponse too_large(std::size_t limit) {
  auto response = error_response(
      Error{Code::invalid_argument, fmt::format("the body is longer than {} bytes", limit)});
  response.status = 413;
  return response;
}

net::HttpResponse refuse(int status, const net::HttpRequest& request) {
  if (status == 405) {
    auto response = error_response(
        Error{Code::invalid_argument, fmt::format("{} is not possible here", request.method)});
    response.status = 405;
    return response;
  }
  return error_response(Error{Code::not_found, fmt::format("there is no {}", request.path()),
                              "docs/api.md lists what there is"});
}

void log_access(const std::string& method, const std::string& path, const std::string& address,
                int status, std::int64_t milliseconds) {
  const auto write = [&](log::Level level) {
    log::write(level, "api",
               fmt::format("{} {} {} {} {} ms", address, method, path, status, milliseconds));
  };
  write(path == "/healthz" || path.starts_with("/api/v1/operations/") ? log::Level::debug
                                                                      : log::Level::info);
}

}  // namespace

Server::Server(control::Control& control, const Clock& clock, InstallerFiles installer)
    : control_(control), clock_(clock), installer_(std::move(installer)) {
  router_.add("GET", "/", front_page);
  router_.add("GET", "/console", console_home);
  router_.add("GET", "/console/{path...}", console);
  router_.add("GET", "/healthz", health);
  router_.add("GET", kDescriptionPath, description);
  add_installer_routes(router_, control_);
  add_est_routes(router_, control_);
  add_session_routes(router_, control_, clock_);
  add_installer_file_routes(router_, installer_);
  Routes routes(router_, control_);
  add_overview_routes(routes);
  add_cloud_account_routes(routes);
  add_workspace_routes(routes);
  add_certificate_routes(routes);
  add_rollover_routes(routes);
  add_group_routes(routes);
  add_node_routes(routes);
  add_token_routes(routes);
  add_access_routes(routes);
  add_enrollment_routes(routes);
  add_component_routes(routes);
  add_deployment_routes(routes);
  add_event_routes(routes);
  add_plan_routes(routes);
  add_rollout_routes(routes);
  add_configuration_routes(routes);
}

net::Task<net::HttpResponse> Server::handle(net::HttpRequest request) {
  const auto started = clock_.now();
  const std::string method = request.method;
  const std::string path(request.path());
  const std::string address = request.peer.address;
  auto response = co_await answer(std::move(request));
  log_access(method, path, address, response.status, (clock_.now() - started).count());
  co_return response;
}

net::Task<net::HttpResponse> Server::answer(net::HttpRequest request) {
  std::string_view path = request.path();
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with("/api/") && path != kDescriptionPath) {
    // Whoever has no token learns nothing, not even which paths exist.
    auto caller = caller_of(control_, request);
    if (!caller) co_return error_response(caller.error());
  }
  const std::size_t limit = is_upload(request.method, path) ? kMaxUpload : kMaxBody;
  if (request.body.size() > limit) co_return too_large(limit);
  auto match = router_.match(request.method, path);
  if (!match.handler) co_return refuse(match.refusal, request);
  auto response = co_await (*match.handler)(std::move(request), std::move(match.parameters));
  co_return response;
}

}  // namespace ferry::api
