// SPDX-License-Identifier: Apache-2.0
#include "azure/service_error.hpp"

#include <array>

#include <pugixml.hpp>

#include "azure/pipeline.hpp"
#include "base/json.hpp"

namespace ferry::azure {
namespace {

constexpr std::size_t kLongestMessage = 600;

// Services end their messages with ids, dates and line breaks; one readable line is kept.
std::string one_line(std::string_view text) {
  std::string line;
  for (char c : text) {
    const bool blank = c == '\r' || c == '\n' || c == '\t';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    line += blank ? ' ' : c;
  }
  std::string kept(trim(line));
  if (kept.size() > kLongestMessage) kept = kept.substr(0, kLongestMessage) + "...";
  return kept;
}

std::string text_or_number(const json::object& object, std::string_view name) {
  if (auto text = optional_string(object, name)) return *text;
  if (auto number = optional_int(object, name)) return std::to_string(*number);
  return {};
}

// "ErrorCode:DeviceNotFound;E1010001 no such device"
void read_hub_message(std::string_view text, ServiceError& error) {
  constexpr std::string_view kMark = "ErrorCode:";
  if (text.substr(0, kMark.size()) != kMark) {
    error.message = one_line(text);
    return;
  }
  text.remove_prefix(kMark.size());
  const auto semicolon = text.find(';');
  error.code = std::string(trim(text.substr(0, semicolon)));
  if (semicolon != std::string_view::npos) error.message = one_line(text.substr(semicolon + 1));
}

void read_entra(const json::object& body, ServiceError& error) {
  error.code = string_or(body, "error", "");
  error.message = one_line(string_or(body, "error_description", ""));
  const auto trace = error.message.find(" Trace ID:");
  if (trace != std::string::npos) error.message.resize(trace);
}

void read_json(const json::object& body, ServiceError& error) {
  if (const auto* envelope = find_object(body, "error")) {
    error.code = text_or_number(*envelope, "code");
    error.message = one_line(string_or(*envelope, "message", ""));
  } else if (optional_string(body, "error")) {  // a description is optional (RFC 6749 s.5.2)
    read_entra(body, error);
  } else if (auto hub = optional_string(body, "Message")) {
    read_hub_message(*hub, error);
    if (error.message.empty()) error.message = one_line(string_or(body, "ExceptionMessage", ""));
  } else {
    error.code = text_or_number(body, "code");
    if (error.code.empty()) error.code = text_or_number(body, "errorCode");
    error.message = one_line(string_or(body, "message", ""));
    if (error.message.empty()) error.message = one_line(string_or(body, "errorMessage", ""));
    if (error.request_id.empty()) error.request_id = string_or(body, "trackingId", "");
  }
}

void read_xml(std::string_view text, ServiceError& error) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) return;
  const auto root = document.child("Error");
  if (error.code.empty()) error.code = root.child_value("Code");
  std::string_view message = root.child_value("Message");
  error.message = one_line(message.substr(0, message.find("\nRequestId:")));
}

struct NamedCode {
  std::string_view name;
  Code code;
};

// Where the service's word says more than the status.
constexpr std::array kNamedCodes = {
    NamedCode{"invalid_client", Code::unauthenticated},
    NamedCode{"unauthorized_client", Code::unauthenticated},
    NamedCode{"invalid_grant", Code::unauthenticated},
    NamedCode{"IotHubQuotaExceeded", Code::resource_exhausted},
    NamedCode{"DeviceMaximumQueueDepthExceeded", Code::resource_exhausted},
    NamedCode{"DeviceModelMaxPropertiesExceeded", Code::resource_exhausted},
    NamedCode{"ScopeLocked", Code::permission_denied},
};

}  // namespace

ServiceError read_service_error(const net::HttpResponse& response) {
  ServiceError error;
  error.status = response.status;
  for (const char* name : {"x-ms-request-id", "x-ms-requestid", "apim-request-id"}) {
    if (error.request_id.empty()) error.request_id = response.headers.get_or(name, "");
  }
  error.code = response.headers.get_or("x-ms-error-code", "");
  // A date is meant by the clock of the service, which is in its answer too.
  const auto sent = parse_rfc1123(response.headers.get_or("Date", ""));
  error.retry_after = retry_after(response, sent ? *sent : SystemClock().now());
  const std::string_view body = trim(response.body);
  if (!body.empty() && body.front() == '{') {
    if (auto object = parse_json_object(body)) read_json(*object, error);
  } else if (body.find("<Error>") != std::string_view::npos) {
    read_xml(body, error);
  }
  return error;
}

Code code_of(const ServiceError& error) {
  for (const auto& named : kNamedCodes) {
    if (named.name == error.code) return named.code;
  }
  switch (error.status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
    case 410:
      return Code::not_found;
    case 408:
    case 504:
      return Code::deadline_exceeded;
    case 409:
      return Code::conflict;
    case 412:
      return Code::precondition_failed;
    case 413:
    case 429:
      return Code::resource_exhausted;
    case 405:
    case 501:
      return Code::unsupported;
    default:
      break;
  }
  return error.status >= 500 ? Code::unavailable : Code::invalid_argument;
}

Error to_error(const ServiceError& error, std::string_view what) {
  std::string text = fmt::format("{}: {} {}", what, error.status, net::reason_phrase(error.status));
  if (!error.code.empty()) text += ": " + error.code;
  if (!error.message.empty()) text += ": " + error.message;
  if (!error.request_id.empty()) text += fmt::format(" [request {}]", error.request_id);
  Error refusal{code_of(error), std::move(text)};
  refusal.retry_after = error.retry_after;
  return refusal;
}

}  // namespace ferry::azure
