// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/device_login.hpp"

#include "base/crypto.hpp"

namespace drydock::entra {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr std::chrono::seconds kLifetime{900};
constexpr std::chrono::seconds kInterval{1};
constexpr std::size_t kUserCodeLength = 9;

std::string hash_of(std::string_view code) {
  return hex_encode(sha256(code));
}

// Without letters and digits that look alike.
std::string make_user_code() {
  constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ23456789";
  std::string code;
  for (const char byte : random_bytes(kUserCodeLength)) {
    code += kLetters[static_cast<unsigned char>(byte) % kLetters.size()];
  }
  return code;
}

std::string normalized(std::string_view code) {
  std::string result;
  for (const char c : to_upper(code)) {
    if (c != '-' && c != ' ') result += c;
  }
  return result;
}

HttpResponse page(int status, std::string_view content) {
  HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
  response.body = fmt::format(
      "<!doctype html><html lang=\"en\"><title>Drydock: sign in</title><h1>Sign in on a device</h1>"
      "{}</html>\n",
      content);
  return response;
}

HttpResponse form_page(const Principals& principals) {
  return page(200,
              fmt::format("<form method=\"post\"><p><label>Code shown by the program "
                          "<input name=\"user_code\" autocomplete=\"off\" required></label></p>"
                          "<p>It will act as {}.</p>"
                          "<button name=\"decision\" value=\"approve\">Sign in</button> "
                          "<button name=\"decision\" value=\"decline\">Decline</button></form>",
                          principals.user().name));
}

}  // namespace

Outcome<DeviceLogin> begin_device_login(Principals& principals, std::string_view client_id,
                                        std::string_view scope, Timestamp now) {
  sqlite::Database& database = principals.database();
  const std::int64_t seconds = unix_seconds(now);
  auto forgotten =
      database.execute("DELETE FROM device_logins WHERE expires_at < ?", {seconds - 3600});
  if (!forgotten) return refuse(forgotten.error());
  DeviceLogin login{base64url_encode(random_bytes(48)), make_user_code(), kInterval, kLifetime};
  auto added = database.execute(
      "INSERT INTO device_logins(device_hash, user_code, client_id, scope, state, expires_at) "
      "VALUES(?, ?, ?, ?, 'pending', ?)",
      {hash_of(login.device_code), login.user_code, client_id, scope,
       seconds + std::int64_t{kLifetime.count()}});
  if (!added) return refuse(added.error());
  return login;
}

Outcome<std::string> redeem_device_login(Principals& principals, std::string_view client_id,
                                         std::string_view device_code, Timestamp now) {
  sqlite::Database& database = principals.database();
  const std::string hash = hash_of(device_code);
  const std::int64_t seconds = unix_seconds(now);
  auto row = database.query_one(
      "SELECT client_id, scope, state, expires_at FROM device_logins WHERE device_hash = ?",
      {hash});
  if (!row) return refuse(row.error());
  if (!*row || !equals_ignore_case((*row)->text(0), client_id)) {
    return refuse(400, "bad_verification_code", 70000,
                  "The provided device code is invalid, was used before, or belongs to another "
                  "application.");
  }
  if ((*row)->number(3) <= seconds) {
    return refuse(400, "expired_token", 70020,
                  "The provided value for the input parameter 'device_code' is not valid. This "
                  "device code has expired.");
  }
  const std::string state = (*row)->text(2);
  if (state == "declined") {
    return refuse(400, "authorization_declined", 70018,
                  "User declined to continue the authentication.");
  }
  if (state != "approved") {
    return refuse(400, "authorization_pending", 70016,
                  "OAuth 2.0 device flow error. Authorization is pending. Continue polling.");
  }
  auto used = database.execute("DELETE FROM device_logins WHERE device_hash = ?", {hash});
  if (!used) return refuse(used.error());
  return (*row)->text(1);
}

Result<void> decide_device_login(Principals& principals, std::string_view user_code,
                                 DeviceDecision decision, Timestamp now) {
  const std::string_view state = decision == DeviceDecision::approve ? "approved" : "declined";
  sqlite::Database& database = principals.database();
  auto changed = database.execute(
      "UPDATE device_logins SET state = ? WHERE user_code = ? AND state = 'pending' AND "
      "expires_at > ?",
      {state, normalized(user_code), unix_seconds(now)});
  if (!changed) return changed;
  if (database.changes() > 0) return {};
  return fail(Code::not_found,
              "no program waits with this code: it is mistyped, expired, or decided already");
}

HttpResponse device_login_page(Principals& principals, const HttpRequest& request,
                               const Endpoints& endpoints, Timestamp now) {
  if (request.method == "GET" || request.method == "HEAD") return form_page(principals);
  if (request.method != "POST") return page(405, "<p>Only GET and POST are possible here.</p>");
  // Browsers say where a form stands; one that stands elsewhere decides nothing here.
  const std::string origin = request.headers.get_or("Origin", endpoints.login_url());
  if (origin != endpoints.login_url()) return page(403, "<p>This form stands on another page.</p>");
  const FormFields form = parse_form(request.body);
  const std::string decision = field(form, "decision");
  if (decision != "approve" && decision != "decline") {
    return page(400, "<p>The decision is missing: approve or decline.</p>");
  }
  auto decided = decide_device_login(
      principals, field(form, "user_code"),
      decision == "approve" ? DeviceDecision::approve : DeviceDecision::decline, now);
  if (decided) return page(200, "<p>Done. You may close this page.</p>");
  if (decided.error().code != Code::not_found) return page(503, "<p>Please try again.</p>");
  return page(404, fmt::format("<p>Sorry: {}.</p>", decided.error().message));
}

}  // namespace drydock::entra
