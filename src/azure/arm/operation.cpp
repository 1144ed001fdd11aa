// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/operation.hpp"

namespace ferry::azure::arm {
namespace {

using std::chrono::milliseconds;

constexpr const char* kAsyncHeader = "Azure-AsyncOperation";

Result<json::value> body_of(const net::HttpResponse& response) {
  if (trim(response.body).empty()) return json::value(nullptr);
  return parse_json(response.body);
}

std::string state_in(const json::value& body) {
  const auto* object = body.if_object();
  return object ? provisioning_state(*object) : std::string();
}

Error operation_error(const json::value& status, std::string_view what, std::string_view state) {
  ServiceError error;
  std::string message = fmt::format("{}: the operation ended as {}", what, state);
  const auto* object = status.if_object();
  const auto* details = object ? find_object(*object, "error") : nullptr;
  if (details) {
    error.code = string_or(*details, "code", "");
    message += fmt::format(": {}: {}", error.code, string_or(*details, "message", ""));
  }
  // Not retried by itself: quota, policy and capacity need a person.
  return Error{Code::unavailable, std::move(message)};
}

class Follower {
 public:
  Follower(Poller poller, net::HttpResponse first, std::string method, std::string url,
           Progress progress)
      : poller_(std::move(poller)),
        latest_(std::move(first)),
        what_(method + " " + url.substr(0, url.find('?'))),
        method_(std::move(method)),
        resource_url_(std::move(url)),
        progress_(std::move(progress)),
        began_(poller_.clock->now()) {}

  net::Task<Result<json::value>> run() {
    style_ = operation_style(latest_, method_);
    poll_url_ = first_poll_url();
    result_url_ = latest_.headers.get_or("Location", "");
    while (true) {
      auto state = look();
      if (!state) co_return fail(std::move(state).error());
      if (is_terminal(*state)) break;
      if (progress_) progress_(*state, poller_.clock->now() - began_);
      auto waited = co_await wait_and_poll();
      if (!waited) co_return fail(std::move(waited).error().with("wait for {}", what_));
    }
    co_return co_await conclude();
  }

 private:
  std::string first_poll_url() const {
    if (style_ == OperationStyle::status_document) return latest_.headers.get_or(kAsyncHeader, "");
    if (style_ == OperationStyle::location) return latest_.headers.get_or("Location", "");
    return resource_url_;
  }

  // The state that the latest answer tells.
  Result<std::string> look() {
    if (style_ == OperationStyle::finished) return std::string("Succeeded");
    if (style_ == OperationStyle::location) {
      return std::string(latest_.status == 202 ? "Running" : "Succeeded");
    }
    auto body = body_of(latest_);
    if (!body) return fail(std::move(body).error().with("{}", what_));
    if (style_ == OperationStyle::resource_state) {
      const std::string state = state_in(*body);
      // A resource without provisioningState is done once it can be read.
      if (state.empty()) return std::string("Succeeded");
      if (is_terminal(state) && !is_success(state)) {
        return fail(operation_error(*body, what_, state));
      }
      return state;
    }
    if (polls_ == 0) return std::string("Accepted");
    const auto* object = body->if_object();
    const std::string state = object ? string_or(*object, "status", "") : "";
    if (state.empty()) {
      return fail(Code::unavailable, "{}: the operation's status document has no status", what_);
    }
    if (is_terminal(state) && !is_success(state)) return fail(operation_error(*body, what_, state));
    return state;
  }

  net::Task<Result<void>> wait_and_poll() {
    const Timestamp now = poller_.clock->now();
    const milliseconds pause = retry_after(latest_, now).value_or(poller_.interval);
    if (now - began_ + pause > poller_.deadline) {
      co_return fail(Code::deadline_exceeded, "not finished within {} s",
                     poller_.deadline.count() / 1000);
    }
    co_await poller_.sleep(pause);
    auto response = co_await poller_.get(poll_url_);
    ++polls_;
    if (!response) co_return fail(std::move(response).error());
    if (response->status == 404 && method_ == "DELETE") {
      style_ = OperationStyle::finished;
      co_return Result<void>();
    }
    if (response->status >= 400) {
      co_return fail(to_error(read_service_error(*response), "GET status"));
    }
    latest_ = std::move(*response);
    follow_newer_address();
    co_return Result<void>();
  }

  // The address may change with each answer; the newest one counts.
  void follow_newer_address() {
    if (style_ == OperationStyle::status_document) {
      poll_url_ = latest_.headers.get_or(kAsyncHeader, poll_url_);
    } else if (style_ == OperationStyle::location) {
      poll_url_ = latest_.headers.get_or("Location", poll_url_);
    }
  }

  net::Task<Result<json::value>> conclude() {
    const bool has_result =
        style_ == OperationStyle::status_document && method_ == "POST" && !result_url_.empty();
    if (has_result) {
      auto response = co_await poller_.get(result_url_);
      if (!response) co_return fail(std::move(response).error());
      if (response->status >= 400) {
        co_return fail(to_error(read_service_error(*response), "GET result"));
      }
      latest_ = std::move(*response);
    }
    co_return body_of(latest_);
  }

  Poller poller_;
  net::HttpResponse latest_;
  std::string what_;
  std::string method_;
  std::string resource_url_;
  Progress progress_;
  Timestamp began_;
  OperationStyle style_ = OperationStyle::finished;
  std::string poll_url_;
  std::string result_url_;
  int polls_ = 0;
};

}  // namespace

bool is_success(std::string_view state) {
  return equals_ignore_case(state, "Succeeded");
}

bool is_terminal(std::string_view state) {
  return is_success(state) || equals_ignore_case(state, "Failed") ||
         equals_ignore_case(state, "Canceled") || equals_ignore_case(state, "Cancelled");
}

OperationStyle operation_style(const net::HttpResponse& first, std::string_view method) {
  if (first.headers.contains(kAsyncHeader)) return OperationStyle::status_document;
  if (first.status == 202 && first.headers.contains("Location")) return OperationStyle::location;
  if (method == "PUT" || method == "PATCH") {
    const auto body = body_of(first);
    const std::string state = body ? state_in(*body) : "";
    const bool under_way = !state.empty() && !is_success(state);
    return under_way ? OperationStyle::resource_state : OperationStyle::finished;
  }
  return OperationStyle::finished;
}

net::Task<Result<json::value>> follow_operation(Poller poller, net::HttpResponse first,
                                                std::string method, std::string url,
                                                Progress progress) {
  Follower follower(std::move(poller), std::move(first), std::move(method), std::move(url),
                    std::move(progress));
  co_return co_await follower.run();
}

}  // namespace ferry::azure::arm
