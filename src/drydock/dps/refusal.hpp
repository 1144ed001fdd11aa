// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "net/http.hpp"

namespace drydock::dps {

// `number` is the service's six-digit code, e.g. 401002: its first three digits are the HTTP
// status.
struct Refusal {
  int number = 500001;
  std::string message;
  int status() const { return number / 1000; }
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

// {"errorCode", "trackingId", "message", "timestampUtc"}, over HTTPS and MQTT alike.
ferry::json::object error_body(const Refusal& refusal, ferry::Timestamp now);
ferry::net::HttpResponse json_response(int status, const ferry::json::value& body);

}  // namespace drydock::dps
