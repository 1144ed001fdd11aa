// SPDX-License-Identifier: Apache-2.0
// Takes credentials out of HTTP messages and leaves their shape: for recordings.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace ferry::net {

inline constexpr std::string_view kRedacted = "REDACTED";

// "Bearer REDACTED": the scheme is kept.
std::string redact_header(std::string_view name, std::string_view value);
// Path and query as sent; values of parameters such as `sig` are replaced.
std::string redact_target(std::string_view target);
// A body of application/x-www-form-urlencoded.
std::string redact_form(std::string_view body);
// Members with the names of credentials, keys inside connection strings, private keys in PEM.
json::value redact_json(const json::value& value);

}  // namespace ferry::net
