// SPDX-License-Identifier: Apache-2.0
#include "azure/entra/token_source.hpp"

#include <algorithm>

namespace ferry::azure {
namespace {

using std::chrono::seconds;

constexpr seconds kEarly{300};

// What to do about the refusals that people meet, by AADSTS number.
std::string hint_for(std::string_view message) {
  const auto says = [message](std::string_view code) {
    return message.find(code) != std::string_view::npos;
  };
  if (says("AADSTS7000215"))
    return "the client secret is wrong: give the secret's value, not its id";
  if (says("AADSTS7000222")) return "the client secret has expired: make a new one";
  if (says("AADSTS700016")) return "no application with this client id in the tenant";
  if (says("AADSTS90002")) return "no such tenant in this cloud";
  return {};
}

}  // namespace

ClientSecretTokenSource::ClientSecretTokenSource(Pipeline& pipeline, std::string authority,
                                                 ClientSecret credential)
    : pipeline_(pipeline), authority_(std::move(authority)), credential_(std::move(credential)) {}

net::Task<Result<Secret>> ClientSecretTokenSource::token(std::string scope) {
  const Timestamp now = pipeline_.clock().now();
  const auto found = kept_.find(scope);
  if (found != kept_.end() && now < found->second.renew_at) co_return found->second.token;
  auto fresh = co_await request(scope);
  if (fresh) {
    kept_.insert_or_assign(scope, *fresh);
    co_return fresh->token;
  }
  // Looked up again: other coroutines may have changed the table meanwhile.
  const auto old = kept_.find(scope);
  if (old != kept_.end() && pipeline_.clock().now() < old->second.expires_at) {
    co_return old->second.token;
  }
  co_return fail(std::move(fresh).error());
}

void ClientSecretTokenSource::forget(std::string_view scope) {
  const auto found = kept_.find(scope);
  if (found != kept_.end()) kept_.erase(found);
}

net::Task<Result<ClientSecretTokenSource::Kept>> ClientSecretTokenSource::request(
    std::string scope) {
  Request request;
  request.call.method = "POST";
  request.call.url = authority_ + "/" + percent_encode(credential_.tenant) + "/oauth2/v2.0/token";
  request.call.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.call.headers.set("Accept", "application/json");
  const FormFields form = {{"grant_type", "client_credentials"},
                           {"client_id", credential_.client_id},
                           {"client_secret", credential_.secret.reveal()},
                           {"scope", scope}};
  request.call.body = format_form(form);
  request.call.timeout = seconds(30);
  request.idempotent = true;  // asking for a token twice harms nobody
  const std::string what =
      fmt::format("sign in to tenant {} as {}", credential_.tenant, credential_.client_id);
  auto body = co_await pipeline_.send_json(std::move(request));
  if (!body) {
    Error error = std::move(body).error();
    if (error.code == Code::invalid_argument) error.code = Code::unauthenticated;
    if (error.hint.empty()) error.hint = hint_for(error.message);
    co_return fail(std::move(error).with("{}", what));
  }
  const auto* object = body->if_object();
  const std::string token = object ? string_or(*object, "access_token", "") : "";
  if (token.empty()) {
    co_return fail(Code::unavailable, "{}: the answer holds no access token", what);
  }
  // A number here, a string in some other token services.
  std::int64_t life = int_or(*object, "expires_in", 0);
  if (life == 0) life = std::atoll(string_or(*object, "expires_in", "300").c_str());
  const Timestamp now = pipeline_.clock().now();
  const seconds early = std::min(kEarly, seconds(life / 2));
  co_return Kept{Secret(token), now + seconds(life) - early, now + seconds(life)};
}

Authorize authorize_with_token(TokenSource& source, std::string scope) {
  return [&source, scope = std::move(scope)](net::HttpCall& call) -> net::Task<Result<void>> {
    auto token = co_await source.token(scope);
    if (!token) co_return fail(std::move(token).error());
    call.headers.set("Authorization", "Bearer " + token->reveal());
    co_return Result<void>();
  };
}

}  // namespace ferry::azure
