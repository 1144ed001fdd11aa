// SPDX-License-Identifier: Apache-2.0
#include "azure/entra/token_endpoint.hpp"

#include <charconv>

namespace ferry::azure {
namespace {

std::chrono::seconds seconds_in(const json::object& object, std::string_view name,
                                std::int64_t fallback) {
  const std::string text = string_or(object, name, "");
  std::int64_t number = int_or(object, name, fallback);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::chrono::seconds(number);
}

}  // namespace

std::string hint_for_refusal(std::string_view message) {
  struct Known {
    std::string_view code;
    std::string_view hint;
  };
  static constexpr Known kKnown[] = {
      {"AADSTS7000215", "the client secret is wrong: give the secret's value, not its id"},
      {"AADSTS7000222", "the client secret has expired: make a new one"},
      {"AADSTS700016", "no application with this client id in the tenant"},
      {"AADSTS700027",
       "the certificate is not one of the application's: upload its public part there"},
      {"AADSTS700024", "the certificate or the machine's clock is out of date"},
      {"AADSTS700213",
       "no federated credential of the application matches the token's issuer, "
       "subject and audience"},
      {"AADSTS700211", "no federated credential of the application trusts the token's issuer"},
      {"AADSTS90002", "no such tenant in this cloud"},
      {"AADSTS700082", "the sign-in has expired for lack of use: sign in again"},
      {"AADSTS50173", "the sign-in was revoked: sign in again"},
      {"AADSTS70043", "the sign-in has expired by the tenant's policy: sign in again"},
      {"AADSTS50076", "the tenant asks for a second factor: sign in again"},
  };
  for (const auto& known : kKnown) {
    // "AADSTS700016" is a prefix of no other known number, but numbers differ in length.
    const auto at = message.find(known.code);
    if (at == std::string_view::npos) continue;
    const auto end = at + known.code.size();
    if (end < message.size() && message[end] >= '0' && message[end] <= '9') continue;
    return std::string(known.hint);
  }
  return {};
}

std::string TokenEndpoint::url(std::string_view leaf) const {
  return fmt::format("{}/{}/oauth2/v2.0/{}", authority, percent_encode(tenant), leaf);
}

Request token_request(const std::string& url, const FormFields& form) {
  Request request;
  request.call.method = "POST";
  request.call.url = url;
  request.call.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.call.headers.set("Accept", "application/json");
  request.call.body = format_form(form);
  request.call.timeout = std::chrono::seconds(30);
  request.idempotent = true;
  return request;
}

Result<FreshToken> read_token(const json::value& body) {
  const auto* object = body.if_object();
  std::string token = object ? string_or(*object, "access_token", "") : "";
  if (token.empty()) return fail(Code::unavailable, "the answer holds no access token");
  return FreshToken{Secret(std::move(token)), seconds_in(*object, "expires_in", 300),
                    Secret(string_or(*object, "refresh_token", ""))};
}

net::Task<Result<FreshToken>> ask_for_token(Pipeline& pipeline, TokenEndpoint endpoint,
                                            FormFields form, std::string what) {
  Request request = token_request(endpoint.url(), form);
  auto body = co_await pipeline.send_json(std::move(request));
  if (!body) {
    Error error = std::move(body).error();
    if (error.code == Code::invalid_argument) error.code = Code::unauthenticated;
    if (error.hint.empty()) error.hint = hint_for_refusal(error.message);
    co_return fail(std::move(error).with("{}", what));
  }
  auto token = read_token(*body);
  if (!token) co_return fail(std::move(token).error().with("{}", what));
  co_return token;
}

}  // namespace ferry::azure
