// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/client.hpp"

#include "azure/arm/operation.hpp"
#include "azure/limits.hpp"

namespace ferry::azure::arm {
namespace {

constexpr std::string_view kProvidersVersion = "2022-09-01";
constexpr int kWriteAttempts = 4;

// "/subscriptions/../providers/Microsoft.Devices/IotHubs/x" -> "Microsoft.Devices"
std::string provider_of(std::string_view id) {
  constexpr std::string_view kMark = "/providers/";
  const auto at = id.rfind(kMark);
  if (at == std::string_view::npos) return {};
  id.remove_prefix(at + kMark.size());
  return std::string(id.substr(0, id.find('/')));
}

Result<json::object> as_object(Result<json::value> value, std::string_view what) {
  if (!value) return fail(std::move(value).error());
  if (value->is_null()) return json::object();
  if (!value->is_object()) return fail(Code::unavailable, "{}: the answer is not an object", what);
  return std::move(value->as_object());
}

}  // namespace

std::string provisioning_state(const json::object& resource) {
  const auto* properties = find_object(resource, "properties");
  return properties ? string_or(*properties, "provisioningState", "") : std::string();
}

ArmClient::ArmClient(Pipeline& pipeline, TokenSource& tokens, ArmOptions options)
    : pipeline_(pipeline), tokens_(tokens), options_(std::move(options)) {}

ArmClient ArmClient::as(std::string share) const {
  ArmClient other = *this;
  other.options_.share = std::move(share);
  return other;
}

std::string ArmClient::limits_scope() const {
  return arm_scope(options_.subscription, options_.principal);
}

std::string ArmClient::group_id(std::string_view group) const {
  return fmt::format("/subscriptions/{}/resourceGroups/{}", options_.subscription,
                     percent_encode(group));
}

std::string ArmClient::resource_id(std::string_view group, std::string_view type,
                                   std::string_view name) const {
  return fmt::format("{}/providers/{}/{}", group_id(group), type, percent_encode(name));
}

std::string ArmClient::url_of(std::string_view id, std::string_view api_version) const {
  return fmt::format("{}{}?api-version={}", options_.environment.resource_manager, id, api_version);
}

Request ArmClient::request(std::string method, std::string url) const {
  Request request;
  request.call.method = std::move(method);
  // Addresses that a service hands out may be relative to Resource Manager.
  const bool relative = !url.empty() && url.front() == '/';
  request.call.url = relative ? options_.environment.resource_manager + url : std::move(url);
  request.call.headers.set("Accept", "application/json");
  return request;
}

net::Task<Result<net::HttpResponse>> ArmClient::call(Request request) {
  const std::string scope = options_.environment.management_scope();
  const std::string home = options_.environment.resource_manager + "/";
  if (!equals_ignore_case(request.call.url.substr(0, home.size()), home)) {
    // The token is meant for Resource Manager alone.
    co_return fail(Code::permission_denied, "refused to follow an address outside {}: {}", home,
                   describe_call(request.call));
  }
  if (!request.call.body.empty()) {
    request.call.headers.set("Content-Type", "application/json");
  }
  request.authorize = authorize_with_token(tokens_, scope);
  const std::string_view url = request.call.url;
  const std::string path(url.substr(home.size() - 1, url.find('?') - (home.size() - 1)));
  request.budgets = arm_budgets(limits_scope(), request.call.method, path);
  request.share = options_.share;
  Request again = request;
  auto response = co_await pipeline_.exchange(std::move(request));
  if (response && pipeline_.throttle()) {
    observe_arm_limits(*pipeline_.throttle(), limits_scope(), *response);
  }
  if (!response || response->status != 401) co_return response;
  tokens_.forget(scope);
  co_return co_await pipeline_.exchange(std::move(again));
}

net::Task<Result<json::object>> ArmClient::get(std::string id, std::string api_version) {
  Request get = request("GET", url_of(id, api_version));
  const std::string what = describe_call(get.call);
  auto response = co_await call(std::move(get));
  if (!response) co_return fail(std::move(response).error());
  if (response->status >= 400) co_return fail(to_error(read_service_error(*response), what));
  co_return as_object(parse_json(response->body), what);
}

net::Task<Result<json::array>> ArmClient::list(std::string id, std::string api_version,
                                               std::string query) {
  json::array items;
  std::string url = url_of(id, api_version);
  if (!query.empty()) url += "&" + query;
  while (!url.empty()) {
    Request get = request("GET", url);
    const std::string what = describe_call(get.call);
    auto response = co_await call(std::move(get));
    if (!response) co_return fail(std::move(response).error());
    if (response->status >= 400) co_return fail(to_error(read_service_error(*response), what));
    auto page = as_object(parse_json(response->body), what);
    if (!page) co_return fail(std::move(page).error());
    auto values = require_array(*page, "value");
    if (!values) co_return fail(std::move(values).error().with("{}", what));
    for (auto& value : *values) items.push_back(std::move(value));
    url = string_or(*page, "nextLink", "");
  }
  co_return items;
}

net::Task<Result<json::value>> ArmClient::finish(net::HttpResponse first, std::string method,
                                                 std::string url, Progress progress) {
  Poller poller;
  poller.get = [this](std::string poll_url) { return call(request("GET", std::move(poll_url))); };
  poller.sleep = [this](std::chrono::milliseconds pause) { return pipeline_.sleep(pause); };
  poller.clock = &pipeline_.clock();
  poller.interval = options_.poll_interval;
  poller.deadline = options_.operation_deadline;
  co_return co_await follow_operation(std::move(poller), std::move(first), std::move(method),
                                      std::move(url), std::move(progress));
}

// After a refusal with 409: does what lets the write succeed the next time, or returns the refusal.
net::Task<Result<void>> ArmClient::clear_the_way(ServiceError error, std::string id,
                                                 std::string api_version, Progress progress) {
  const std::string what = "write " + id;
  if (equals_ignore_case(error.code, "MissingSubscriptionRegistration")) {
    if (!options_.register_providers) {
      co_return fail(to_error(error, what)
                         .advise(fmt::format("ferry cloud-account preflight --register-providers "
                                             "registers it, or: az provider register "
                                             "--namespace {}",
                                             provider_of(id))));
    }
    co_return co_await register_provider(provider_of(id), std::move(progress));
  }
  auto current = co_await get(id, api_version);
  if (!current) {
    const bool just_gone = current.error().code == Code::not_found &&
                           equals_ignore_case(error.code, "AnotherOperationInProgress");
    if (just_gone) co_return Result<void>();
    co_return fail(to_error(error, what));
  }
  const std::string state = provisioning_state(*current);
  if (state.empty() || is_terminal(state)) co_return fail(to_error(error, what));
  auto settled =
      co_await wait_until_settled(std::move(id), std::move(api_version), std::move(progress));
  if (!settled && settled.error().code != Code::not_found) {
    co_return fail(std::move(settled).error());
  }
  co_return Result<void>();
}

net::Task<Result<net::HttpResponse>> ArmClient::write(Request request, std::string id,
                                                      std::string api_version, Progress progress) {
  const std::string what = describe_call(request.call);
  for (int attempt = 1;; ++attempt) {
    Request copy = request;
    auto response = co_await call(std::move(copy));
    if (!response || response->status < 400) co_return response;
    const ServiceError error = read_service_error(*response);
    if (error.status != 409 || attempt == kWriteAttempts) co_return fail(to_error(error, what));
    auto cleared = co_await clear_the_way(error, id, api_version, progress);
    if (!cleared) co_return fail(std::move(cleared).error());
  }
}

net::Task<Result<json::object>> ArmClient::put(std::string id, std::string api_version,
                                               json::object body, Progress progress,
                                               std::string if_match) {
  const std::string url = url_of(id, api_version);
  Request put = request("PUT", url);
  put.call.body = json::serialize(body);
  if (!if_match.empty()) put.call.headers.set("If-Match", if_match);
  const std::string what = describe_call(put.call);
  auto first = co_await write(std::move(put), id, api_version, progress);
  if (!first) co_return fail(std::move(first).error());
  const bool immediate = operation_style(*first, "PUT") == OperationStyle::finished;
  auto end = co_await finish(std::move(*first), "PUT", url, progress);
  if (!end) co_return fail(std::move(end).error());
  if (immediate && end->is_object()) co_return std::move(end->as_object());
  // A resource may say Accepted for a moment after its operation has ended.
  auto resource =
      co_await wait_until_settled(std::move(id), std::move(api_version), std::move(progress));
  if (!resource) co_return fail(std::move(resource).error());
  const std::string state = provisioning_state(*resource);
  if (!state.empty() && !is_success(state)) {
    co_return fail(Code::unavailable, "{}: the resource ended as {}", what, state);
  }
  co_return std::move(*resource);
}

net::Task<Result<void>> ArmClient::remove(std::string id, std::string api_version,
                                          Progress progress, std::string if_match) {
  const std::string url = url_of(id, api_version);
  Request remove = request("DELETE", url);
  if (!if_match.empty()) remove.call.headers.set("If-Match", if_match);
  auto first = co_await write(std::move(remove), std::move(id), std::move(api_version), progress);
  if (!first) {
    if (first.error().code == Code::not_found) co_return Result<void>();
    co_return fail(std::move(first).error());
  }
  auto end = co_await finish(std::move(*first), "DELETE", url, std::move(progress));
  if (!end) co_return fail(std::move(end).error());
  co_return Result<void>();
}

net::Task<Result<json::object>> ArmClient::post(std::string id, std::string api_version,
                                                json::object body, std::string if_match) {
  const std::string url = url_of(id, api_version);
  Request post = request("POST", url);
  if (!body.empty()) post.call.body = json::serialize(body);
  if (!if_match.empty()) post.call.headers.set("If-Match", if_match);
  // All actions used here read, or make a value that nobody has seen when the answer is lost.
  post.idempotent = true;
  const std::string what = describe_call(post.call);
  auto first = co_await call(std::move(post));
  if (!first) co_return fail(std::move(first).error());
  if (first->status >= 400) co_return fail(to_error(read_service_error(*first), what));
  auto end = co_await finish(std::move(*first), "POST", url, {});
  co_return as_object(std::move(end), what);
}

net::Task<Result<json::object>> ArmClient::wait_until_settled(std::string id,
                                                              std::string api_version,
                                                              Progress progress) {
  const Timestamp began = pipeline_.clock().now();
  while (true) {
    auto resource = co_await get(id, api_version);
    if (!resource) co_return resource;
    const std::string state = provisioning_state(*resource);
    if (state.empty() || is_terminal(state)) co_return resource;
    const auto elapsed = pipeline_.clock().now() - began;
    if (elapsed > options_.operation_deadline) {
      co_return fail(Code::deadline_exceeded, "{} is still {} after {} s", id, state,
                     elapsed.count() / 1000);
    }
    if (progress) progress(state, elapsed);
    co_await pipeline_.sleep(options_.poll_interval);
  }
}

net::Task<Result<NameAvailability>> ArmClient::check_name(std::string provider_and_action,
                                                          std::string api_version,
                                                          json::object body) {
  const std::string id =
      fmt::format("/subscriptions/{}/providers/{}", options_.subscription, provider_and_action);
  auto answer = co_await post(id, std::move(api_version), std::move(body));
  if (!answer && answer.error().code == Code::permission_denied) {
    co_return NameAvailability{true, "Unknown", "not allowed to check names"};
  }
  if (!answer) co_return fail(std::move(answer).error());
  NameAvailability result;
  result.available = bool_or(*answer, "nameAvailable", false);
  // Some services give a reason even when the name is free.
  if (!result.available) {
    result.reason = string_or(*answer, "reason", "");
    result.message = string_or(*answer, "message", "");
  }
  co_return result;
}

net::Task<Result<void>> ArmClient::register_provider(std::string provider, Progress progress) {
  const std::string id =
      fmt::format("/subscriptions/{}/providers/{}", options_.subscription, provider);
  const std::string version(kProvidersVersion);
  auto registered = co_await post(id + "/register", version, {});
  if (!registered) {
    co_return fail(std::move(registered).error().with("register resource provider {}", provider));
  }
  const Timestamp began = pipeline_.clock().now();
  while (true) {
    auto state = co_await get(id, version);
    if (!state) co_return fail(std::move(state).error());
    const std::string word = string_or(*state, "registrationState", "");
    if (equals_ignore_case(word, "Registered")) co_return Result<void>();
    const auto elapsed = pipeline_.clock().now() - began;
    if (elapsed > options_.operation_deadline) {
      co_return fail(Code::deadline_exceeded, "resource provider {} is still {}", provider, word);
    }
    if (progress) progress("Registering " + provider, elapsed);
    co_await pipeline_.sleep(options_.poll_interval);
  }
}

}  // namespace ferry::azure::arm
