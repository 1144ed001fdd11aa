// SPDX-License-Identifier: Apache-2.0
#include "oci/registry_error.hpp"

#include "base/json.hpp"

namespace ferry::oci {
namespace {

Code code_of(int status, std::string_view code) {
  if (code == "DENIED") return Code::permission_denied;
  if (code == "TOOMANYREQUESTS") return Code::resource_exhausted;
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::not_found;
    case 405:
      return Code::unsupported;
    case 409:
      return Code::conflict;
    case 413:
    case 429:
      return Code::resource_exhausted;
    default:
      break;
  }
  return status >= 500 ? Code::unavailable : Code::invalid_argument;
}

}  // namespace

std::string describe(const net::HttpCall& call) {
  return call.method + " " + call.url.substr(0, call.url.find('?'));
}

Error read_registry_error(const net::HttpResponse& response, std::string_view what) {
  std::string text =
      fmt::format("{}: {} {}", what, response.status, net::reason_phrase(response.status));
  std::string first_code;
  const auto body = parse_json_object(response.body);
  const auto* errors = body ? find_array(*body, "errors") : nullptr;
  if (errors) {
    for (const auto& item : *errors) {
      const auto* error = item.if_object();
      if (!error) continue;
      const std::string code = string_or(*error, "code", "");
      if (first_code.empty()) first_code = code;
      text += fmt::format(": {}: {}", code, string_or(*error, "message", ""));
    }
  }
  // Signed in, but the token was given less than what was asked for.
  const std::string challenge = response.headers.get_or("WWW-Authenticate", "");
  if (response.status == 401 && challenge.find("insufficient_scope") != std::string::npos) {
    return Error{Code::permission_denied, text + ": the credential does not allow it"};
  }
  return Error{code_of(response.status, first_code), std::move(text)};
}

}  // namespace ferry::oci
