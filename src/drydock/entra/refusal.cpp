// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/refusal.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

namespace drydock::entra {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

tl::unexpected<Refusal> refuse(int status, std::string_view error, int number,
                               std::string_view text) {
  return tl::unexpected(Refusal{status, std::string(error), number, std::string(text)});
}

tl::unexpected<Refusal> refuse(const Error& error) {
  log::error("entra", "{}", error.describe());
  return refuse(503, "temporarily_unavailable", 90033,
                "A transient error has occurred. Please try again.");
}

HttpResponse json_response(int status, const json::value& body) {
  HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.headers.set("Cache-Control", "no-store, no-cache");
  response.headers.set("Pragma", "no-cache");
  response.body = json::serialize(body);
  return response;
}

HttpResponse refusal_response(const HttpRequest& request, const Refusal& refusal,
                              const Endpoints& endpoints, Timestamp now) {
  const std::string trace = random_uuid();
  std::string correlation = request.headers.get_or("client-request-id", "");
  if (correlation.empty()) correlation = request.query_value("client-request-id").value_or("");
  if (correlation.empty()) correlation = random_uuid();
  // 2026-11-22T09:30:00.000Z becomes 2026-11-22 09:30:00Z.
  std::string time = format_rfc3339(now).substr(0, 19) + "Z";
  time[10] = ' ';
  return json_response(
      refusal.status,
      json::object{
          {"error", refusal.error},
          {"error_description",
           fmt::format("AADSTS{}: {}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\nTimestamp: {}",
                       refusal.number, refusal.text, trace, correlation, time)},
          {"error_codes", json::array{refusal.number}},
          {"timestamp", time},
          {"trace_id", trace},
          {"correlation_id", correlation},
          {"error_uri", fmt::format("{}/error?code={}", endpoints.login_url(), refusal.number)}});
}

std::string field(const FormFields& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace drydock::entra
