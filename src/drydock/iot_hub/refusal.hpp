// SPDX-License-Identifier: Apache-2.0
// Why the hub refuses a request, in the hub's own numbers and names.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "net/http.hpp"

namespace drydock::iot_hub {

// `number` is the hub's six-digit code, e.g. 404001: its first three digits are the HTTP status.
struct Refusal {
  int number = 500001;
  std::string message;
  int status() const { return number / 1000; }
  std::string_view name() const;  // "DeviceNotFound"
};

template <class T>
using Outcome = tl::expected<T, Refusal>;

template <class... Args>
tl::unexpected<Refusal> refuse(int number, fmt::format_string<Args...> text, Args&&... args) {
  return tl::unexpected(Refusal{number, fmt::format(text, std::forward<Args>(args)...)});
}
inline tl::unexpected<Refusal> refuse(Refusal refusal) {
  return tl::unexpected(std::move(refusal));
}

// {"Message": "ErrorCode:DeviceNotFound;text", "ExceptionMessage": "Tracking ID:..."}
ferry::net::HttpResponse to_response(const Refusal& refusal, ferry::Timestamp now);
// The body of an error over MQTT: errorCode, trackingId, message, timestampUtc.
std::string mqtt_error_body(const Refusal& refusal, ferry::Timestamp now);

ferry::net::HttpResponse json_response(int status, const ferry::json::value& body);

}  // namespace drydock::iot_hub
