// SPDX-License-Identifier: Apache-2.0
#include "azure/entra/device_code.hpp"

#include "base/log.hpp"

namespace ferry::azure {
namespace {

using std::chrono::seconds;

constexpr const char* kGrant = "urn:ietf:params:oauth:grant-type:device_code";

// offline_access asks for a refresh token besides.
std::string with_refresh(const std::string& scope) {
  return scope + " offline_access openid profile";
}

}  // namespace

DeviceCodeSignIn::DeviceCodeSignIn(TokenEndpoint endpoint, std::string client_id, std::string scope)
    : endpoint_(std::move(endpoint)), client_id_(std::move(client_id)), scope_(std::move(scope)) {}

Request DeviceCodeSignIn::begin() const {
  return token_request(endpoint_.url("devicecode"),
                       {{"client_id", client_id_}, {"scope", with_refresh(scope_)}});
}

Result<DeviceCode> DeviceCodeSignIn::begun(const net::HttpResponse& response, Timestamp now) {
  const std::string what = "ask tenant " + endpoint_.tenant + " for a sign-in code";
  if (response.status != 200) {
    Error error = to_error(read_service_error(response), what);
    error.hint = hint_for_refusal(error.message);
    return fail(std::move(error));
  }
  auto body = parse_json_object(response.body);
  if (!body) return fail(std::move(body).error().with("{}", what));
  DeviceCode code{.device_code = Secret(string_or(*body, "device_code", "")),
                  .user_code = string_or(*body, "user_code", ""),
                  .verification_uri = string_or(*body, "verification_uri", ""),
                  .message = string_or(*body, "message", ""),
                  .interval = seconds(std::max<std::int64_t>(1, int_or(*body, "interval", 5))),
                  .life = seconds(int_or(*body, "expires_in", 900))};
  if (code.device_code.empty() || code.user_code.empty()) {
    return fail(Code::unavailable, "{}: the answer holds no code", what);
  }
  device_code_ = code.device_code;
  pause_ = code.interval;
  expires_at_ = now + code.life;
  return code;
}

Request DeviceCodeSignIn::poll() const {
  return token_request(
      endpoint_.url(),
      {{"grant_type", kGrant}, {"client_id", client_id_}, {"device_code", device_code_.reveal()}});
}

DeviceCodeSignIn::Step DeviceCodeSignIn::polled(const net::HttpResponse& response, Timestamp now) {
  const std::string what = "sign in to tenant " + endpoint_.tenant;
  if (response.status == 200) {
    auto body = parse_json(response.body);
    if (!body) return fail(std::move(body).error().with("{}", what));
    auto token = read_token(*body);
    if (!token) return fail(std::move(token).error().with("{}", what));
    if (token->refresh_token.empty()) {
      return fail(Code::unavailable, "{}: the answer holds no refresh token", what);
    }
    return *std::move(token);
  }
  const ServiceError error = read_service_error(response);
  if (error.code == "slow_down") pause_ += seconds(5);  // RFC 8628 s.3.5
  if (error.code == "authorization_pending" || error.code == "slow_down") {
    if (now + pause_ < expires_at_) return Wait{pause_};
    return fail(Error{Code::deadline_exceeded, "nobody entered the code in time", "start again"});
  }
  if (error.code == "authorization_declined" || error.code == "access_denied") {
    return fail(Error{Code::permission_denied, "the sign-in was declined", "start again"});
  }
  if (error.code == "expired_token" || error.code == "code_expired") {
    return fail(Error{Code::deadline_exceeded, "the code has expired", "start again"});
  }
  Error refused = to_error(error, what);
  if (refused.code == Code::invalid_argument) refused.code = Code::unauthenticated;
  refused.hint = hint_for_refusal(refused.message);
  return fail(std::move(refused));
}

net::Task<Result<DeviceCode>> ask_for_code(Pipeline& pipeline, DeviceCodeSignIn& sign_in) {
  auto response = co_await pipeline.exchange(sign_in.begin());
  if (!response) co_return fail(std::move(response).error());
  co_return sign_in.begun(*response, pipeline.clock().now());
}

net::Task<Result<FreshToken>> wait_for_person(Pipeline& pipeline, DeviceCodeSignIn& sign_in) {
  while (true) {
    co_await pipeline.sleep(sign_in.pause());
    auto response = co_await pipeline.exchange(sign_in.poll());
    if (!response) co_return fail(std::move(response).error());
    auto step = sign_in.polled(*response, pipeline.clock().now());
    if (!step) co_return fail(std::move(step).error());
    if (auto* token = std::get_if<FreshToken>(&*step)) co_return std::move(*token);
  }
}

RefreshTokenSource::RefreshTokenSource(Pipeline& pipeline, std::string authority,
                                       RefreshCredential credential, Keep keep)
    : CachedTokenSource(pipeline),
      endpoint_{std::move(authority), credential.tenant},
      credential_(std::move(credential)),
      keep_(std::move(keep)) {}

net::Task<Result<FreshToken>> RefreshTokenSource::fetch(std::string scope) {
  FormFields form = {{"grant_type", "refresh_token"},
                     {"client_id", credential_.client_id},
                     {"refresh_token", credential_.refresh_token.reveal()},
                     {"scope", with_refresh(scope)}};
  auto token =
      co_await ask_for_token(pipeline(), endpoint_, std::move(form),
                             fmt::format("renew the sign-in to tenant {}", credential_.tenant));
  if (!token) {
    Error error = std::move(token).error();
    if (error.code == Code::unauthenticated && error.hint.empty()) error.hint = "sign in again";
    co_return fail(std::move(error));
  }
  if (!token->refresh_token.empty()) {
    credential_.refresh_token = token->refresh_token;
    if (auto kept = keep_(token->refresh_token); !kept) {
      log::warning("azure", "the renewed sign-in was not kept: {}", kept.error().describe());
    }
  }
  co_return token;
}

}  // namespace ferry::azure
