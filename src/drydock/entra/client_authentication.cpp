// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/client_authentication.hpp"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/crypto.hpp"
#include "drydock/entra/jws.hpp"

namespace drydock::entra {

using namespace ferry;
using net::HttpRequest;

namespace {

constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::int64_t kClockSkew = 300;  // seconds
// Entra takes longer lives too; one that lives for days is a mistake that it should name.
constexpr std::int64_t kLongestLife = std::int64_t{24} * 3600;

struct Basic {
  std::string id;
  Secret secret;
};

std::optional<Basic> basic_credentials(const HttpRequest& request) {
  constexpr std::string_view kBasic = "Basic ";
  const std::string header = request.headers.get_or("Authorization", "");
  if (!header.starts_with(kBasic)) return std::nullopt;
  const std::string text =
      base64_decode(std::string_view(header).substr(kBasic.size())).value_or("");
  const auto colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Basic{percent_decode(text.substr(0, colon)),
               Secret(percent_decode(text.substr(colon + 1)))};
}

tl::unexpected<Refusal> bad_assertion(std::string_view reason) {
  return refuse(401, "invalid_client", 700027,
                fmt::format("Client assertion failed signature validation. {}", reason));
}

Outcome<void> check_times(const Jws& assertion, Timestamp now) {
  const auto expires = assertion.date("exp");
  const double begins = assertion.date("nbf").value_or(assertion.date("iat").value_or(0));
  const auto seconds = static_cast<double>(unix_seconds(now));
  const bool valid = expires && *expires > seconds - kClockSkew && begins < seconds + kClockSkew &&
                     *expires < seconds + kLongestLife;
  if (valid) return {};
  return refuse(
      401, "invalid_client", 700024,
      fmt::format("Client assertion is not within its valid time range. Current time: "
                  "{}, expiry time of assertion: {}.",
                  format_rfc3339(now),
                  expires ? format_rfc3339(from_unix_seconds(static_cast<std::int64_t>(*expires)))
                          : "none"));
}

// A jti names one assertion (RFC 7519 s.4.1.7). The same assertion may come again while it is
// valid, as MSAL for Python sends it; another one under its name is a replay of the name.
Outcome<void> check_replay(Principals& principals, const Jws& assertion, Timestamp now) {
  const std::string jti = string_or(assertion.claims, "jti", "");
  if (jti.empty()) return {};
  sqlite::Database& database = principals.database();
  auto forgotten = database.execute("DELETE FROM assertions WHERE expires_at < ?",
                                    {unix_seconds(now) - kClockSkew});
  if (!forgotten) return refuse(forgotten.error());
  const std::string digest = hex_encode(sha256(assertion.signed_text));
  auto added =
      database.execute("INSERT OR IGNORE INTO assertions(jti, digest, expires_at) VALUES(?, ?, ?)",
                       {jti, digest, static_cast<std::int64_t>(assertion.date("exp").value_or(0))});
  if (!added) return refuse(added.error());
  auto known = database.query_one("SELECT digest FROM assertions WHERE jti = ?", {jti});
  if (!known) return refuse(known.error());
  if (*known && (*known)->text(0) == digest) return {};
  return refuse(401, "invalid_client", 700030,
                "Invalid client assertion: its jti was used by another assertion.");
}

// MSAL for Python names the certificate by its SHA-1 thumbprint, @azure/identity by SHA-256.
bool names_certificate(const json::object& header, const x509::Certificate& certificate) {
  const auto same = [&](std::string_view member, const std::string& thumbprint) {
    const auto wanted = optional_string(header, member);
    if (!wanted) return false;
    const auto bytes = base64url_decode(*wanted);
    return bytes && hex_encode_upper(*bytes) == thumbprint;
  };
  return same("x5t", certificate.sha1_thumbprint()) ||
         same("x5t#S256", certificate.sha256_thumbprint());
}

bool is_for_us(const Jws& assertion, const Endpoints& endpoints) {
  return std::ranges::any_of(assertion.audiences(), [&](const std::string& audience) {
    return audience.starts_with(endpoints.login_url() + "/");
  });
}

Outcome<void> check_certificate_assertion(Principals& principals, const Principal& principal,
                                          const Jws& assertion, const Endpoints& endpoints,
                                          Timestamp now) {
  if (!equals_ignore_case(string_or(assertion.claims, "sub", ""), principal.client_id)) {
    return refuse(401, "invalid_client", 700021,
                  "Client assertion application identifier doesn't match 'client_id' parameter.");
  }
  if (!is_for_us(assertion, endpoints)) {
    return refuse(401, "invalid_client", 700023,
                  fmt::format("Client assertion audience claim does not match Realm issuer. It is "
                              "'{}'.",
                              fmt::join(assertion.audiences(), " ")));
  }
  auto certificates = principals.certificates(principal);
  if (!certificates) return refuse(certificates.error());
  const x509::Certificate* named = nullptr;
  for (const x509::Certificate& certificate : *certificates) {
    if (names_certificate(assertion.header, certificate)) named = &certificate;
  }
  if (named == nullptr) {
    return bad_assertion(
        "The key was not found: no certificate of the application has the "
        "thumbprint that the assertion names.");
  }
  if (named->not_after() < now || named->not_before() > now + std::chrono::seconds(300)) {
    return bad_assertion("The certificate is expired or not valid yet.");
  }
  if (!assertion.verify(named->public_key())) return bad_assertion("The signature is wrong.");
  auto timely = check_times(assertion, now);
  if (!timely) return timely;
  return check_replay(principals, assertion, now);
}

Outcome<void> check_federated_token(Principals& principals, const Principal& principal,
                                    const Jws& token, Timestamp now) {
  auto federations = principals.federations(principal);
  if (!federations) return refuse(federations.error());
  const std::string issuer = string_or(token.claims, "iss", "");
  const std::string subject = string_or(token.claims, "sub", "");
  const std::vector<std::string> audiences = token.audiences();
  bool same_issuer = false;
  bool same_subject = false;
  for (const Federation& federation : *federations) {
    if (federation.issuer != issuer) continue;
    same_issuer = true;
    if (federation.subject != subject) continue;
    same_subject = true;
    if (std::ranges::find(audiences, federation.audience) == audiences.end()) continue;
    const auto key = find_key(federation.keys, string_or(token.header, "kid", ""));
    if (!key || !token.verify(*key)) {
      return bad_assertion("The federated issuer's keys do not verify it.");
    }
    return check_times(token, now);
  }
  const std::string_view what = !same_issuer ? "issuer" : !same_subject ? "subject" : "audience";
  const std::string value = !same_issuer    ? issuer
                            : !same_subject ? subject
                                            : fmt::format("{}", fmt::join(audiences, " "));
  const int number = !same_issuer ? 700211 : !same_subject ? 700213 : 700212;
  return refuse(401, "invalid_client", number,
                fmt::format("No matching federated identity record found for presented assertion "
                            "{} '{}'.",
                            what, value));
}

Outcome<void> check_assertion(Principals& principals, const Principal& principal,
                              const FormFields& form, const Endpoints& endpoints, Timestamp now) {
  if (field(form, "client_assertion_type") != kAssertionType) {
    return refuse(400, "invalid_request", 900144,
                  fmt::format("The request body must contain the following parameter: "
                              "'client_assertion_type' with '{}'.",
                              kAssertionType));
  }
  const auto assertion = Jws::parse(field(form, "client_assertion"));
  if (!assertion) {
    return refuse(401, "invalid_client", 50027, "JWT token is invalid or malformed.");
  }
  const bool own = equals_ignore_case(string_or(assertion->claims, "iss", ""), principal.client_id);
  if (own) return check_certificate_assertion(principals, principal, *assertion, endpoints, now);
  return check_federated_token(principals, principal, *assertion, now);
}

}  // namespace

std::string client_id_of(const HttpRequest& request, const FormFields& form) {
  if (const auto basic = basic_credentials(request)) return basic->id;
  return field(form, "client_id");
}

tl::unexpected<Refusal> unknown_application(std::string_view client_id,
                                            std::string_view tenant_id) {
  return refuse(400, "unauthorized_client", 700016,
                fmt::format("Application with identifier '{}' was not found in the directory '{}'.",
                            client_id, tenant_id));
}

Outcome<AuthenticatedClient> authenticate_client(Principals& principals, const HttpRequest& request,
                                                 const FormFields& form, const Endpoints& endpoints,
                                                 Timestamp now) {
  const std::string client_id = client_id_of(request, form);
  if (client_id.empty()) {
    return refuse(400, "invalid_request", 900144,
                  "The request body must contain the following parameter: 'client_id'.");
  }
  auto principal = principals.find_client(client_id);
  if (!principal) return refuse(principal.error());
  if (!*principal) return unknown_application(client_id, principals.tenant_id());

  if (!field(form, "client_assertion").empty()) {
    auto checked = check_assertion(principals, **principal, form, endpoints, now);
    if (!checked) return tl::unexpected(std::move(checked).error());
    return AuthenticatedClient{**std::move(principal), "2"};
  }
  const auto basic = basic_credentials(request);
  const Secret secret = basic ? basic->secret : Secret(field(form, "client_secret"));
  if (secret.empty()) {
    return refuse(401, "invalid_client", 7000216,
                  "'client_assertion', 'client_secret' or 'request' is required for the "
                  "'client_credentials' grant type.");
  }
  auto known = principals.has_secret(**principal, secret);
  if (!known) return refuse(known.error());
  if (!*known) {
    return refuse(401, "invalid_client", 7000215,
                  fmt::format("Invalid client secret provided. Ensure the secret being sent in the "
                              "request is the client secret value for app '{}'.",
                              client_id));
  }
  return AuthenticatedClient{**std::move(principal), "1"};
}

}  // namespace drydock::entra
