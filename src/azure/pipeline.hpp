// SPDX-License-Identifier: Apache-2.0
// What every call to an Azure service goes through: request ids, authorization, retries, a
// deadline, errors in words.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "azure/service_error.hpp"
#include "azure/throttle.hpp"
#include "azure/transport.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"

namespace ferry::azure {

// Adds credentials to one attempt; called again for each retry, so that dates and expiries are
// fresh.
using Authorize = std::function<net::Task<Result<void>>(net::HttpCall&)>;

struct RetryPolicy {
  int attempts = 6;                            // in all
  std::chrono::milliseconds first_delay{400};  // doubles for each retry, with jitter of +-25 %
  std::chrono::milliseconds longest_delay{15'000};
  std::chrono::milliseconds longest_retry_after{120'000};  // a longer Retry-After ends the call
};

struct PipelineOptions {
  Transport transport;
  const Clock* clock = nullptr;                                     // must be given; borrowed
  std::function<net::Task<void>(std::chrono::milliseconds)> sleep;  // net::sleep_for when empty
  std::function<double()> jitter;                                   // in [0, 1); random when empty
  RetryPolicy retry;
  std::shared_ptr<Throttle> throttle;  // may be absent: then nothing is queued
};

struct Request {
  net::HttpCall call;  // call.timeout limits one attempt
  Authorize authorize;
  // Whether a request that may have been carried out may be sent again. GET, HEAD, PUT and DELETE
  // are; a POST is unless it creates something. 429, and 503 with Retry-After, are always tried
  // again.
  std::optional<bool> idempotent;               // from the method when not given
  std::chrono::milliseconds deadline{180'000};  // for all attempts together, queueing not counted
  std::vector<BudgetId> budgets;                // what each attempt counts against
  std::string share;                            // on whose behalf: takes turns with others
};

// Borrows what the options point to; belongs to one loop; stateless between calls.
class Pipeline {
 public:
  explicit Pipeline(PipelineOptions options);

  // The last answer, whatever its status. Error only when no answer could be had.
  net::Task<Result<net::HttpResponse>> exchange(Request request);
  // As exchange(), but a status of 400 and above is an Error (see to_error).
  net::Task<Result<net::HttpResponse>> send(Request request);
  // As send(), and reads the body as JSON (null when it is empty).
  net::Task<Result<json::value>> send_json(Request request);

  const Clock& clock() const { return *options_.clock; }
  net::Task<void> sleep(std::chrono::milliseconds duration);
  Throttle* throttle() const { return options_.throttle.get(); }

 private:
  std::optional<std::chrono::milliseconds> delay_before_retry(const net::HttpResponse* response,
                                                              bool idempotent, int attempt) const;
  // Lets a refusal for being too fast hold the request's budgets; whether it did.
  bool hold_budgets(const Request& request, const net::HttpResponse& response,
                    std::chrono::milliseconds pause) const;
  PipelineOptions options_;
};

// "PUT https://host/path", without query, fit for error texts.
std::string describe_call(const net::HttpCall& call);

// Retry-After as delay: seconds, an HTTP-date, or the x-ms-retry-after-ms / retry-after-ms headers.
std::optional<std::chrono::milliseconds> retry_after(const net::HttpResponse& response,
                                                     Timestamp now);

}  // namespace ferry::azure
