// SPDX-License-Identifier: Apache-2.0
// The HTTP face over a real control plane with an empty database: no sockets, no cloud.
#pragma once

#include <gtest/gtest.h>

#include "api/server.hpp"
#include "base/json.hpp"
#include "tests/api/scratch.hpp"

namespace ferry::api {

inline constexpr std::string_view kToken = "ferry_0123456789abcdef0123456789abcdef";

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    auto opened = control::Control::open(loop, clock, scratch.path());
    FERRY_CHECK(opened.has_value());
    control = *std::move(opened);
    FERRY_CHECK(
        control->access.ensure_owner("default", "owner", Secret(std::string(kToken))).has_value());
    server = std::make_unique<Server>(*control, clock);
  }

  net::HttpResponse ask(std::string method, std::string target, std::string body = "",
                        std::string token = std::string(kToken)) {
    net::HttpRequest request = make_request(std::move(method), std::move(target), std::move(body));
    if (!token.empty()) request.headers.set("Authorization", "Bearer " + token);
    return send(std::move(request));
  }

  static net::HttpRequest make_request(std::string method, std::string target,
                                       std::string body = "") {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.peer.address = "192.0.2.1:40000";
    return request;
  }
  net::HttpResponse send(net::HttpRequest request) {
    return loop.run_until_done(server->handle(std::move(request)));
  }

  static std::string text_at(const net::HttpResponse& response, std::string_view path) {
    auto body = parse_json(response.body);
    if (!body) return "(not JSON)";
    const auto* value = find_path(*body, path);
    return value && value->is_string() ? std::string(value->get_string()) : "(absent)";
  }

  Scratch scratch;
  net::EventLoop loop;
  ManualClock clock{parse_rfc3339("2026-11-24T10:00:00Z").value()};
  std::unique_ptr<control::Control> control;
  std::unique_ptr<Server> server;
};

}  // namespace ferry::api
