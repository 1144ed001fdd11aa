// SPDX-License-Identifier: Apache-2.0
// What was found by looking ahead: one form for everything that could stand in the way.
#pragma once

#include <string>
#include <string_view>

namespace ferry::fleet {

enum class Severity {
  error,    // it cannot be done like this
  warning,  // it can, with a consequence
  info,     // worth knowing; also a question that the cloud did not answer
};
std::string_view to_string(Severity severity);

struct Finding {
  Severity severity = Severity::info;
  std::string code;     // "missing_permission", "provider_not_registered", ...; docs/api.md
  std::string subject;  // the action, provider, region, name or resource
  std::string message;
  std::string hint;  // what to do next
};

}  // namespace ferry::fleet
