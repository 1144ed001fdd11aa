// SPDX-License-Identifier: Apache-2.0
#include "api/caller.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::api {
namespace {

constexpr std::string_view kCookie = "__Host-ferry";  // RFC 6265bis s.4.1.3.2
constexpr std::string_view kAttributes = "Path=/; Secure; HttpOnly; SameSite=Strict";

}  // namespace

Secret bearer_token(const net::HttpRequest& request) {
  const auto header = request.headers.get_or("Authorization", "");
  constexpr std::string_view kScheme = "bearer ";  // the scheme's case does not matter
  if (!equals_ignore_case(std::string_view(header).substr(0, kScheme.size()), kScheme)) return {};
  return Secret(std::string(trim(std::string_view(header).substr(kScheme.size()))));
}

Secret session_cookie(const net::HttpRequest& request) {
  const std::string cookies = request.headers.get_or("Cookie", "");
  for (const auto& cookie : split(cookies, ';')) {
    const auto pair = trim(cookie);
    if (pair.starts_with(kCookie) && pair.substr(kCookie.size()).starts_with('=')) {
      return Secret(std::string(pair.substr(kCookie.size() + 1)));
    }
  }
  return {};
}

Result<void> check_csrf(const control::Session& session, const net::HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD") return {};
  const auto given = request.headers.get_or("X-Ferry-CSRF", "");
  if (constant_time_equal(given, session.csrf.reveal())) return {};
  return fail(Error{Code::permission_denied,
                    "the X-Ferry-CSRF header is missing or is not this session's",
                    "GET /auth/session tells it; programs use an API token instead"});
}

Result<control::Identity> caller_of(const control::Control& control,
                                    const net::HttpRequest& request) {
  const auto cookie = session_cookie(request);
  if (request.headers.contains("Authorization") || cookie.empty()) {
    return control.access.authenticate(bearer_token(request));
  }
  auto session = control.sessions.find(cookie);
  if (!session) return fail(std::move(session).error());
  if (auto allowed = check_csrf(*session, request); !allowed) {
    return fail(std::move(allowed).error());
  }
  return std::move(session->caller);
}

std::string set_session_cookie(const Secret& cookie, std::chrono::seconds life) {
  return fmt::format("{}={}; {}; Max-Age={}", kCookie, cookie.reveal(), kAttributes, life.count());
}

std::string clear_session_cookie() {
  return fmt::format("{}=; {}; Max-Age=0", kCookie, kAttributes);
}

}  // namespace ferry::api
