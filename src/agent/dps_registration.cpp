// SPDX-License-Identifier: Apache-2.0
#include "agent/dps_registration.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr std::string_view kApiVersion = "2021-06-01";
constexpr int kMostPolls = 100;
constexpr int kMostRepeats = 5;
constexpr std::chrono::seconds kShortestPause{2};  // 5 polls in 10 s are allowed
constexpr std::chrono::seconds kLongestPause{60};

std::chrono::seconds parse_pause(std::string_view retry_after) {
  int seconds = 0;
  std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  return std::clamp(std::chrono::seconds(seconds), kShortestPause, kLongestPause);
}

// {"errorCode":401002,"trackingId":"...","message":"Unauthorized"}
Error service_error(int status, std::string_view body) {
  Code code = Code::unavailable;
  if (status == 401 || status == 403) code = Code::permission_denied;
  if (status == 404) code = Code::not_found;
  if (status == 400 || status == 405 || status == 415) code = Code::invalid_argument;
  if (status == 429) code = Code::resource_exhausted;
  std::string message;
  if (const auto object = parse_json_object(body)) {
    message = fmt::format(": {} {} (tracking id {})", int_or(*object, "errorCode", 0),
                          string_or(*object, "message", ""), string_or(*object, "trackingId", ""));
  }
  return Error{code, fmt::format("the provisioning service answered {}{}", status, message)};
}

}  // namespace

DpsRegistration::DpsRegistration(std::string id_scope, std::string registration_id,
                                 json::value payload)
    : id_scope_(std::move(id_scope)),
      registration_id_(std::move(registration_id)),
      payload_(std::move(payload)) {}

DpsRegistration::Call DpsRegistration::register_call() const {
  json::object body = {{"registrationId", registration_id_}};
  if (payload_.is_object()) body["payload"] = payload_;
  return {"PUT",
          fmt::format("/{}/registrations/{}/register?api-version={}", percent_encode(id_scope_),
                      percent_encode(registration_id_), kApiVersion),
          json::serialize(body)};
}

DpsRegistration::Call DpsRegistration::poll_call() const {
  return {
      "GET",
      fmt::format("/{}/registrations/{}/operations/{}?api-version={}", percent_encode(id_scope_),
                  percent_encode(registration_id_), percent_encode(operation_id_), kApiVersion),
      ""};
}

DpsRegistration::Step DpsRegistration::start() {
  return register_call();
}

DpsRegistration::Step DpsRegistration::on_pause_over() {
  return operation_id_.empty() ? register_call() : poll_call();
}

DpsRegistration::Step DpsRegistration::again(std::chrono::seconds pause, Error when_exhausted) {
  if (++repeats_ > kMostRepeats) return when_exhausted;
  return Pause{pause * repeats_};
}

DpsRegistration::Step DpsRegistration::on_response(int status, std::string_view retry_after,
                                                   std::string_view body) {
  const auto pause = parse_pause(retry_after);
  if (status == 429 || status >= 500) return again(pause, service_error(status, body));
  if (status != 200 && status != 202) return service_error(status, body);
  return on_success(pause, body);
}

DpsRegistration::Step DpsRegistration::on_success(std::chrono::seconds pause,
                                                  std::string_view body) {
  const auto answer = parse_json_object(body);
  if (!answer) return Error{Code::unavailable, "the provisioning service's answer is not JSON"};
  const std::string status = string_or(*answer, "status", "");
  const json::object* state = find_object(*answer, "registrationState");
  if (status == "assigned" && state) {
    Assigned assigned{string_or(*state, "assignedHub", ""), string_or(*state, "deviceId", ""),
                      string_or(*state, "substatus", "")};
    if (assigned.hub.empty() || assigned.device_id.empty()) {
      return Error{Code::unavailable,
                   "the provisioning service assigned neither hub nor device id"};
    }
    return assigned;
  }
  if (status == "assigning" || status == "unassigned") {
    if (auto id = optional_string(*answer, "operationId"); id && !id->empty()) operation_id_ = *id;
    if (operation_id_.empty()) {
      return Error{Code::unavailable, "the provisioning service named no operation to follow"};
    }
    if (++polls_ > kMostPolls) {
      return Error{Code::deadline_exceeded, "the provisioning service did not come to an end"};
    }
    return Pause{pause};
  }
  if (status == "failed" || status == "disabled") {
    return Error{Code::permission_denied,
                 fmt::format("the registration is {}: {} {}", status,
                             state ? int_or(*state, "errorCode", 0) : 0,
                             state ? string_or(*state, "errorMessage", "") : "")};
  }
  return Error{Code::unavailable,
               fmt::format("the provisioning service answered with status '{}'", status)};
}

}  // namespace ferry::agent
