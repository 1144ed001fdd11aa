// SPDX-License-Identifier: Apache-2.0
#include "agent/register.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "x509/certificate.hpp"
#include "x509/request.hpp"

namespace ferry::agent {
namespace {

using net::Task;

// The server's own words, when it answered in Ferry's error format.
Error server_error(const net::HttpResponse& response) {
  Code code = Code::unavailable;
  if (response.status == 400) code = Code::invalid_argument;
  if (response.status == 401) code = Code::unauthenticated;
  if (response.status == 403) code = Code::permission_denied;
  if (response.status == 404) code = Code::not_found;
  if (response.status == 409) code = Code::conflict;
  Error error{code, fmt::format("the server answered {}", response.status)};
  const auto body = parse_json_object(response.body);
  const auto* details = body ? find_object(*body, "error") : nullptr;
  if (details) {
    error.message = string_or(*details, "message", error.message);
    error.hint = string_or(*details, "hint", "");
  }
  return error;
}

Task<Result<json::object>> post(net::HttpClient& http, std::string url, json::object body,
                                Secret bearer) {
  net::HttpCall call;
  call.method = "POST";
  call.url = std::move(url);
  call.headers.set("Content-Type", "application/json");
  if (!bearer.empty()) call.headers.set("Authorization", "Bearer " + bearer.reveal());
  call.body = json::serialize(body);
  call.max_body = 1024 * 1024;
  auto response = co_await http.send(std::move(call));
  if (!response) co_return fail(std::move(response).error());
  if (response->status < 200 || response->status >= 300) co_return fail(server_error(*response));
  co_return parse_json_object(response->body);
}

// What carries a secret goes over TLS; plain HTTP is for a server on this very machine.
Result<std::string> checked_server(std::string_view text) {
  auto url = net::parse_url(text);
  if (!url) return fail(std::move(url).error().with("read the server's address"));
  const bool loopback = url->host == "localhost" || url->host.ends_with(".localhost") ||
                        url->host.starts_with("127.") || url->host == "::1";
  if (url->scheme == "http" && !loopback) {
    return fail(Error{Code::invalid_argument, "the token would travel unencrypted"}.advise(
        fmt::format("use https://{}", url->authority())));
  }
  std::string base = url->str();
  while (base.ends_with('/')) base.pop_back();
  return base;
}

Result<x509::PrivateKey> key_of(const DataDirectory& directory) {
  auto stored = directory.load_key();
  if (!stored) return fail(std::move(stored).error());
  if (*stored) {
    auto key = x509::PrivateKey::from_pem(**stored);
    if (!key) return fail(std::move(key).error().with("read the device's key"));
    return key;
  }
  x509::PrivateKey key = x509::PrivateKey::generate(x509::KeyType::ec_p256);
  if (auto saved = directory.save_key(key.to_pem()); !saved) {
    return fail(std::move(saved).error().with("keep the device's key"));
  }
  return key;
}

Result<void> check_chain(const Registration& registration, const x509::PrivateKey& key) {
  const auto chain = x509::parse_chain(registration.chain_pem);
  if (!chain) return fail(Error(chain.error()).with("read the certificate chain"));
  const x509::Certificate& leaf = chain->front();
  if (!leaf.matches(key)) {
    return fail(Code::unavailable, "the certificate is for another key than this device's");
  }
  if (!equals_ignore_case(leaf.subject_cn(), registration.registration_id)) {
    return fail(Code::unavailable, "the certificate is for '{}', not for '{}'", leaf.subject_cn(),
                registration.registration_id);
  }
  return {};
}

Result<Registration> read_answer(const json::object& answer, std::string server,
                                 std::string registration_id) {
  Registration registration;
  registration.server = std::move(server);
  registration.registration_id = std::move(registration_id);
  auto chain = require_string(answer, "full_chain");
  if (!chain) return fail(std::move(chain).error());
  auto host = require_string(answer, "provisioning_host");
  if (!host) return fail(std::move(host).error());
  auto scope = require_string(answer, "id_scope");
  if (!scope) return fail(std::move(scope).error());
  registration.chain_pem = *std::move(chain);
  registration.provisioning_host = *std::move(host);
  registration.id_scope = *std::move(scope);
  if (const auto* payload = find_object(answer, "device_payload")) registration.payload = *payload;
  return registration;
}

class Exchange {
 public:
  Exchange(const DataDirectory& directory, net::HttpClient& http, std::string server)
      : directory_(directory), http_(http), server_(std::move(server)) {}

  Task<Result<InstallerSession>> log_in(Secret token) {
    auto answer =
        co_await post(http_, server_ + "/auth/login_node", {{"token", token.reveal()}}, Secret());
    if (!answer) {
      Error error = std::move(answer).error().with("log in with the node's token");
      if (error.code == Code::unauthenticated && error.hint.empty()) {
        error.hint = "ask for a new token (ferry node token); this device's key is kept";
      }
      co_return fail(std::move(error));
    }
    auto access = require_string(*answer, "access_token");
    if (!access) co_return fail(std::move(access).error().with("read the server's answer"));
    auto id = require_string(*answer, "registration_id");
    if (!id) co_return fail(std::move(id).error().with("read the server's answer"));
    InstallerSession session{Secret(*std::move(access)), *std::move(id)};
    auto saved = directory_.save(session);
    if (!saved) co_return fail(std::move(saved).error());
    co_return session;
  }

  Task<Result<Registration>> get_certificate(InstallerSession session, x509::PrivateKey key) {
    auto request = x509::CertificateRequest::create(key, session.registration_id);
    if (!request) co_return fail(std::move(request).error().with("make the certificate request"));
    auto answer = co_await post(http_, server_ + "/registration/azure/get_certificate",
                                {{"csr", request->to_pem()}}, session.access_token);
    if (!answer) co_return fail(std::move(answer).error().with("get the device's certificate"));
    auto registration = read_answer(*answer, server_, session.registration_id);
    if (!registration) {
      co_return fail(std::move(registration).error().with("read the server's answer"));
    }
    auto checked = check_chain(*registration, key);
    if (!checked) co_return fail(std::move(checked).error());
    co_return registration;
  }

 private:
  const DataDirectory& directory_;
  net::HttpClient& http_;
  std::string server_;
};

}  // namespace

Result<std::optional<Registration>> existing_registration(const DataDirectory& directory) {
  auto registration = directory.load_registration();
  if (!registration) return fail(std::move(registration).error());
  if (!*registration) return std::nullopt;
  auto pem = directory.load_key();
  if (!pem) return fail(std::move(pem).error());
  if (!*pem) return std::nullopt;
  const auto key = x509::PrivateKey::from_pem(**pem);
  if (!key) return fail(Error(key.error()).with("read the device's key"));
  if (!check_chain(**registration, *key)) return std::nullopt;
  return std::move(*registration);
}

Task<Result<RegisterOutcome>> register_device(const DataDirectory& directory, net::HttpClient& http,
                                              RegisterOptions options) {
  auto existing = existing_registration(directory);
  if (!existing) co_return fail(std::move(existing).error());
  if (*existing) co_return RegisterOutcome{**std::move(existing), true};
  auto server = checked_server(options.server);
  if (!server) co_return fail(std::move(server).error());
  auto key = key_of(directory);
  if (!key) co_return fail(std::move(key).error());
  Exchange exchange(directory, http, *server);

  // A session left by a run that was cut short may still be good, also when its token is used up.
  auto open_session = directory.load_session();
  std::optional<Registration> registration;
  if (open_session && *open_session) {
    auto resumed = co_await exchange.get_certificate(**open_session, *key);
    if (resumed) registration = *std::move(resumed);
    // Without an answer the session may be good yet: keep it for the next run.
    if (!resumed && resumed.error().code == Code::unavailable) {
      co_return fail(std::move(resumed).error());
    }
    if (!resumed) directory.forget_session();
  }
  if (!registration) {
    auto token = options.token();
    if (!token) co_return fail(std::move(token).error());
    auto session = co_await exchange.log_in(*token);
    if (!session) co_return fail(std::move(session).error());
    auto issued = co_await exchange.get_certificate(*session, *key);
    if (!issued) co_return fail(std::move(issued).error());
    registration = *std::move(issued);
  }
  auto saved = directory.save(*registration);
  if (!saved) co_return fail(std::move(saved).error());
  directory.forget_session();
  co_return RegisterOutcome{*std::move(registration), false};
}

}  // namespace ferry::agent
