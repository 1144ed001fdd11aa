// SPDX-License-Identifier: Apache-2.0
#include "azure/pipeline.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "base/log.hpp"

namespace ferry::azure {
namespace {

using std::chrono::milliseconds;

double random_fraction() {
  const std::string bytes = random_bytes(4);
  std::uint32_t number = 0;
  for (unsigned char byte : bytes) number = number << 8 | byte;
  return number / 4294967296.0;
}

bool idempotent_by_method(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  text = trim(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

bool worth_retrying(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

}  // namespace

std::string describe_call(const net::HttpCall& call) {
  return call.method + " " + call.url.substr(0, call.url.find('?'));
}

std::optional<milliseconds> retry_after(const net::HttpResponse& response, Timestamp now) {
  for (const char* name : {"x-ms-retry-after-ms", "retry-after-ms"}) {
    const auto value = response.headers.get(name);
    const auto number = value ? whole_number(*value) : std::nullopt;
    if (number) return milliseconds(*number);
  }
  const auto value = response.headers.get("Retry-After");
  if (!value) return std::nullopt;
  if (const auto seconds = whole_number(*value)) {
    return milliseconds(std::min<std::int64_t>(*seconds, 86'400) * 1000);
  }
  const auto date = parse_rfc1123(*value);
  if (!date) return std::nullopt;
  return std::max(milliseconds(0), *date - now);
}

Pipeline::Pipeline(PipelineOptions options) : options_(std::move(options)) {
  FERRY_CHECK(options_.clock != nullptr);
  FERRY_CHECK(options_.transport != nullptr);
  if (!options_.sleep) options_.sleep = net::sleep_for;
  if (!options_.jitter) options_.jitter = random_fraction;
}

net::Task<void> Pipeline::sleep(milliseconds duration) {
  return options_.sleep(duration);
}

std::optional<milliseconds> Pipeline::delay_before_retry(const net::HttpResponse* response,
                                                         bool idempotent, int attempt) const {
  if (attempt >= options_.retry.attempts) return std::nullopt;
  std::optional<milliseconds> asked;
  if (response) {
    if (!worth_retrying(response->status)) return std::nullopt;
    asked = retry_after(*response, options_.clock->now());
    // These two say that the request was not carried out.
    const bool refused = response->status == 429 || (response->status == 503 && asked);
    if (!idempotent && !refused) return std::nullopt;
  } else if (!idempotent) {
    return std::nullopt;
  }
  const double factor = std::pow(2.0, attempt - 1) * (0.75 + 0.5 * options_.jitter());
  const milliseconds backoff(
      static_cast<std::int64_t>(static_cast<double>(options_.retry.first_delay.count()) * factor));
  if (!asked) return std::min(backoff, options_.retry.longest_delay);
  if (*asked > options_.retry.longest_retry_after) return std::nullopt;
  return *asked;
}

bool Pipeline::hold_budgets(const Request& request, const net::HttpResponse& response,
                            milliseconds pause) const {
  const bool refused = response.status == 429 ||
                       (response.status == 503 && response.headers.contains("Retry-After"));
  if (!refused || !options_.throttle || request.budgets.empty()) return false;
  log::info("azure", "{}: {}, so its budgets rest for {} ms", describe_call(request.call),
            response.status, pause.count());
  options_.throttle->hold(request.budgets, pause);
  return true;
}

net::Task<Result<net::HttpResponse>> Pipeline::exchange(Request request) {
  const std::string what = describe_call(request.call);
  const bool idempotent = request.idempotent.value_or(idempotent_by_method(request.call.method));
  Timestamp give_up = options_.clock->now() + request.deadline;
  request.call.headers.set("x-ms-client-request-id", random_uuid());
  for (int attempt = 1;; ++attempt) {
    if (options_.throttle && !request.budgets.empty()) {
      const Timestamp before = options_.clock->now();
      auto passed = co_await options_.throttle->pass(request.budgets, request.share);
      if (!passed) co_return fail(std::move(passed).error().with("{}", what));
      give_up += options_.clock->now() - before;
    }
    const auto left = give_up - options_.clock->now();
    if (left <= milliseconds(0)) {
      co_return fail(Code::deadline_exceeded, "{}: no answer within {} s", what,
                     request.deadline.count() / 1000);
    }
    net::HttpCall call = request.call;
    if (call.timeout <= milliseconds(0) || call.timeout > left) call.timeout = left;
    if (request.authorize) {
      auto authorized = co_await request.authorize(call);
      if (!authorized) co_return fail(std::move(authorized).error().with("{}", what));
    }
    auto response = co_await options_.transport(std::move(call));
    const auto delay = delay_before_retry(response ? &*response : nullptr, idempotent, attempt);
    const bool retryable_failure = response || response.error().code == Code::unavailable ||
                                   response.error().code == Code::deadline_exceeded;
    const auto pause = response ? retry_after(*response, options_.clock->now())
                                      .value_or(delay.value_or(options_.retry.longest_delay))
                                : milliseconds(0);
    const bool held = response && hold_budgets(request, *response, pause);
    if (!delay || !retryable_failure || options_.clock->now() + *delay >= give_up) {
      if (!response) co_return fail(std::move(response).error().with("{}", what));
      co_return std::move(*response);
    }
    log::debug("azure", "{}: {}, again in {} ms", what,
               response ? std::to_string(response->status) : response.error().message,
               delay->count());
    if (!held) co_await options_.sleep(*delay);
  }
}

net::Task<Result<net::HttpResponse>> Pipeline::send(Request request) {
  const std::string what = describe_call(request.call);
  auto response = co_await exchange(std::move(request));
  if (response && response->status >= 400) {
    co_return fail(to_error(read_service_error(*response), what));
  }
  co_return response;
}

net::Task<Result<json::value>> Pipeline::send_json(Request request) {
  const std::string what = describe_call(request.call);
  auto response = co_await send(std::move(request));
  if (!response) co_return fail(std::move(response).error());
  if (trim(response->body).empty()) co_return json::value(nullptr);
  auto value = parse_json(response->body);
  if (!value) {
    co_return fail(Code::unavailable, "{}: {} with a body that is {}", what, response->status,
                   value.error().message);
  }
  co_return std::move(*value);
}

}  // namespace ferry::azure
