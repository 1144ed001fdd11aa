// SPDX-License-Identifier: Apache-2.0
// How the registry is reached: scheme, token authentication, retries, redirects, errors in words.
#include <algorithm>

#include "base/json.hpp"
#include "base/log.hpp"
#include "oci/registry_client.hpp"
#include "oci/registry_error.hpp"

namespace ferry::oci {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMostRedirects = 5;
constexpr seconds kDefaultTokenLife{60};  // the protocol's, when the answer names none

bool worth_retrying(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

milliseconds pause_before(int attempt, const net::HttpResponse* response) {
  milliseconds pause = milliseconds(250) * (1 << std::min(attempt - 1, 6));
  if (!response) return pause;
  const std::string asked = response->headers.get_or("Retry-After", "");
  if (!asked.empty() && asked.size() < 4 &&
      asked.find_first_not_of("0123456789") == std::string::npos) {
    pause = seconds(std::stoi(asked));
  }
  return pause;
}

// "https://host[:port]"
std::string origin_of(const net::Url& url) {
  return url.scheme + "://" + url.authority();
}

bool travels_safely(const net::Url& url) {
  return url.scheme == "https" || is_loopback(url.host) || url.host == "::1";
}

}  // namespace

RegistryClient::RegistryClient(Transport transport, RegistryOptions options)
    : transport_(std::move(transport)), options_(std::move(options)) {
  FERRY_CHECK(options_.clock != nullptr);
  FERRY_CHECK(transport_ != nullptr);
  if (!options_.sleep) options_.sleep = net::sleep_for;
}

net::Task<Result<net::HttpResponse>> RegistryClient::send_with_retries(net::HttpCall call,
                                                                       bool repeatable) {
  const std::string what = describe(call);
  for (int attempt = 1;; ++attempt) {
    net::HttpCall copy = call;
    auto response = co_await transport_(std::move(copy));
    const bool again = response ? worth_retrying(response->status) : repeatable;
    if (!again || attempt >= options_.attempts) {
      if (!response) co_return fail(std::move(response).error().with("{}", what));
      co_return response;
    }
    const milliseconds pause = pause_before(attempt, response ? &*response : nullptr);
    log::debug("oci", "{}: {}, again in {} ms", what,
               response ? std::to_string(response->status) : response.error().message,
               pause.count());
    co_await options_.sleep(pause);
  }
}

net::Task<Result<void>> RegistryClient::choose_scheme() {
  if (!scheme_.empty()) co_return Result<void>();
  const bool loopback = is_loopback(options_.host);
  if (options_.plain_http && !loopback) {
    co_return fail(Code::permission_denied, "refused to speak plain http to the registry {}",
                   options_.host);
  }
  if (options_.plain_http || !loopback) {
    scheme_ = options_.plain_http ? "http" : "https";
    co_return Result<void>();
  }
  net::HttpCall probe;
  probe.url = "https://" + options_.host + "/v2/";
  probe.timeout = seconds(10);
  auto secure = co_await transport_(std::move(probe));
  if (secure) {
    scheme_ = "https";
    co_return Result<void>();
  }
  net::HttpCall plain_probe;
  plain_probe.url = "http://" + options_.host + "/v2/";
  plain_probe.timeout = seconds(10);
  auto plain = co_await transport_(std::move(plain_probe));
  if (!plain) {
    co_return fail(std::move(secure).error().with("reach the registry {}", options_.host));
  }
  // A TLS listener answers plain http with 400; that one was refused above for another reason.
  if (plain->status == 400) {
    co_return fail(std::move(secure).error().with("reach the registry {}", options_.host));
  }
  scheme_ = "http";
  co_return Result<void>();
}

void RegistryClient::authorize(net::HttpCall& call, const std::string& scope) {
  if (basic_) {
    const std::string pair =
        options_.credential->username + ":" + options_.credential->password.reveal();
    call.headers.set("Authorization", "Basic " + base64_encode(pair));
    return;
  }
  const auto kept = tokens_.find(scope);
  if (kept != tokens_.end() && options_.clock->now() < kept->second.expires_at) {
    call.headers.set("Authorization", "Bearer " + kept->second.token.reveal());
  }
}

net::Task<Result<RegistryClient::KeptToken>> RegistryClient::fetch_token(std::string realm,
                                                                         std::string service,
                                                                         std::string scope) {
  auto address = net::parse_url(realm);
  if (!address) co_return fail(std::move(address).error().with("read the token service's address"));
  if (!travels_safely(*address)) {
    co_return fail(Code::permission_denied, "refused to sign in over plain http at {}",
                   origin_of(*address));
  }
  FormFields query;
  if (!service.empty()) query.emplace_back("service", service);
  for (const std::string& one : split(scope, ' ')) {
    if (!one.empty()) query.emplace_back("scope", one);
  }
  net::HttpCall call;
  if (options_.credential) {
    query.emplace_back("account", options_.credential->username);
    const std::string pair =
        options_.credential->username + ":" + options_.credential->password.reveal();
    call.headers.set("Authorization", "Basic " + base64_encode(pair));
  }
  call.url = realm + (realm.find('?') == std::string::npos ? "?" : "&") + format_form(query);
  const std::string what = fmt::format("sign in to registry {}", options_.host);
  auto response = co_await send_with_retries(std::move(call), true);
  if (!response) co_return fail(std::move(response).error().with("{}", what));
  if (response->status >= 400) co_return fail(read_registry_error(*response, what));
  auto body = parse_json_object(response->body);
  if (!body) co_return fail(std::move(body).error().with("{}", what));
  std::string token = string_or(*body, "token", "");
  if (token.empty()) token = string_or(*body, "access_token", "");
  if (token.empty()) co_return fail(Code::unavailable, "{}: the answer holds no token", what);
  const seconds life(int_or(*body, "expires_in", kDefaultTokenLife.count()));
  // A little early, so that it does not run out on the way.
  const seconds usable = std::max(seconds(1), life - std::min(seconds(30), life / 4));
  co_return KeptToken(Secret(std::move(token)), options_.clock->now() + usable);
}

// True when there is now something better to send; false when the refusal stands.
net::Task<Result<bool>> RegistryClient::answer_challenge(std::string header, std::string scope) {
  auto challenge = parse_challenge(header);
  if (challenge["scheme"] == "basic" && options_.credential && !basic_) {
    basic_ = true;
    co_return true;
  }
  if (challenge["scheme"] != "bearer") co_return false;
  const std::string asked = scope.empty() ? challenge["scope"] : scope;
  auto token = co_await fetch_token(challenge["realm"], challenge["service"], asked);
  if (!token) co_return fail(std::move(token).error());
  tokens_.insert_or_assign(scope, std::move(*token));
  co_return true;
}

// Blobs may be served from elsewhere; the registry's token does not go there.
net::Task<Result<net::HttpResponse>> RegistryClient::follow_redirects(net::HttpCall call,
                                                                      net::HttpResponse response) {
  for (int hops = 0; response.status == 307 || response.status == 302 || response.status == 301 ||
                     response.status == 308 || response.status == 303;
       ++hops) {
    const std::string location = response.headers.get_or("Location", "");
    if (location.empty() || hops == kMostRedirects) {
      co_return fail(Code::unavailable, "{}: redirected without end", describe(call));
    }
    auto here = net::parse_url(call.url);
    if (!here) co_return fail(std::move(here).error());
    const std::string next = location.front() == '/' ? origin_of(*here) + location : location;
    auto there = net::parse_url(next);
    if (!there) co_return fail(std::move(there).error().with("follow a redirect"));
    if (!travels_safely(*there)) {
      co_return fail(Code::permission_denied, "refused to follow a redirect to {}",
                     origin_of(*there));
    }
    if (origin_of(*there) != origin_of(*here)) call.headers.remove("Authorization");
    call.url = next;
    net::HttpCall copy = call;
    auto followed = co_await send_with_retries(std::move(copy), true);
    if (!followed) co_return followed;
    response = std::move(*followed);
  }
  co_return response;
}

net::Task<Result<net::HttpResponse>> RegistryClient::exchange(Exchange exchange) {
  auto reachable = co_await choose_scheme();
  if (!reachable) co_return fail(std::move(reachable).error());
  net::HttpCall call;
  call.method = exchange.method;
  const bool relative = exchange.target.front() == '/';
  call.url = relative ? scheme_ + "://" + options_.host + exchange.target : exchange.target;
  call.headers = exchange.headers;
  call.body = std::move(exchange.body);
  call.timeout = std::chrono::minutes(10);
  const bool follow = call.method == "GET" || call.method == "HEAD";
  for (int round = 0;; ++round) {
    call.headers.remove("Authorization");
    authorize(call, exchange.scope);
    net::HttpCall copy = call;
    auto response = co_await send_with_retries(std::move(copy), exchange.repeatable);
    if (!response) co_return response;
    if (response->status == 401 && round == 0) {
      auto answered = co_await answer_challenge(response->headers.get_or("WWW-Authenticate", ""),
                                                exchange.scope);
      if (!answered) co_return fail(std::move(answered).error());
      if (*answered) continue;
    }
    if (!follow) co_return response;
    co_return co_await follow_redirects(std::move(call), std::move(*response));
  }
}

net::Task<Result<net::HttpResponse>> RegistryClient::send(Exchange request) {
  const std::string what = fmt::format("{} {}{}", request.method, options_.host,
                                       request.target.substr(0, request.target.find('?')));
  auto response = co_await exchange(std::move(request));
  if (response && response->status >= 400) co_return fail(read_registry_error(*response, what));
  co_return response;
}

}  // namespace ferry::oci
