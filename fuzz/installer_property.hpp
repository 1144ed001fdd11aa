// SPDX-License-Identifier: Apache-2.0
// What must hold of whatever a device sends instead of a token: it is refused, and politely. The
// fuzz target and the unit test that replays its corpus share it.
#pragma once

#include <string>
#include <string_view>

#include "api/server.hpp"
#include "base/json.hpp"

namespace ferry::api {

// `bytes`: one that chooses the path, what stands in Authorization up to a line feed, and the body.
// `server` knows no token at all.
inline void check_installer(net::EventLoop& loop, Server& server, std::string_view bytes) {
  constexpr std::string_view kPaths[] = {"/auth/login_node", "/registration/azure/get_certificate",
                                         "/auth/login_node/"};
  if (bytes.empty()) return;
  net::HttpRequest request;
  request.method = "POST";
  request.target = kPaths[static_cast<unsigned char>(bytes.front()) % std::size(kPaths)];
  request.peer.address = "192.0.2.1:40000";
  bytes.remove_prefix(1);
  const auto line = bytes.find('\n');
  if (line != std::string_view::npos) {
    request.headers.set("Authorization", std::string(bytes.substr(0, line)));
    bytes.remove_prefix(line + 1);
  }
  request.body = std::string(bytes);
  const auto response = loop.run_until_done(server.handle(std::move(request)));
  FERRY_CHECK(response.status >= 400 && response.status < 500);
  const auto body = parse_json_object(response.body);
  FERRY_CHECK(body.has_value() && find_object(*body, "error") != nullptr);
  FERRY_CHECK(!string_or(*find_object(*body, "error"), "message", "").empty());
}

}  // namespace ferry::api
