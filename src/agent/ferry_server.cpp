// SPDX-License-Identifier: Apache-2.0
#include "agent/ferry_server.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace ferry::agent {
namespace {

using net::Task;
using std::chrono::seconds;

constexpr std::size_t kMostAnswer = 1024 * 1024;
constexpr seconds kAskAgain{60};
constexpr seconds kLongestPause{24 * 3600};

// The server's own words, when it answered in Ferry's error format.
Error server_error(const net::HttpResponse& response) {
  Code code = Code::unavailable;
  if (response.status == 400) code = Code::invalid_argument;
  if (response.status == 401) code = Code::unauthenticated;
  if (response.status == 403) code = Code::permission_denied;
  if (response.status == 404) code = Code::not_found;
  if (response.status == 409) code = Code::conflict;
  if (response.status == 429) code = Code::resource_exhausted;
  Error error{code, fmt::format("the server answered {}", response.status)};
  const auto body = parse_json_object(response.body);
  const auto* details = body ? find_object(*body, "error") : nullptr;
  if (details) {
    error.message = string_or(*details, "message", error.message);
    error.hint = string_or(*details, "hint", "");
  }
  return error;
}

seconds pause_of(const json::object& body, std::string_view name) {
  const auto wanted = seconds(int_or(body, name, kAskAgain.count()));
  return std::clamp(wanted, seconds(1), kLongestPause);
}

std::optional<Timestamp> time_of(const json::object& body, std::string_view name) {
  const auto time = parse_rfc3339(string_or(body, name, ""));
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace

Result<FerryServer> FerryServer::at(net::HttpClient& http, std::string_view text) {
  auto url = net::parse_url(text);
  if (!url) return fail(std::move(url).error().with("read the server's address"));
  const bool loopback = url->host == "localhost" || url->host.ends_with(".localhost") ||
                        url->host.starts_with("127.") || url->host == "::1";
  if (url->scheme == "http" && !loopback) {
    return fail(Error{Code::invalid_argument, "the token would travel unencrypted"}.advise(
        fmt::format("use https://{}", url->authority())));
  }
  std::string base = url->str();
  while (base.ends_with('/')) base.pop_back();
  return FerryServer(http, std::move(base));
}

Task<Result<FerryServer::Answer>> FerryServer::post(std::string path, json::object body,
                                                    Secret bearer) {
  net::HttpCall call;
  call.method = "POST";
  call.url = base_ + path;
  call.headers.set("Content-Type", "application/json");
  if (!bearer.empty()) call.headers.set("Authorization", "Bearer " + bearer.reveal());
  call.body = json::serialize(body);
  call.max_body = kMostAnswer;
  auto response = co_await http_->send(std::move(call));
  if (!response) co_return fail(std::move(response).error());
  if (response->status < 200 || response->status >= 300) co_return fail(server_error(*response));
  auto parsed = parse_json_object(response->body);
  if (!parsed) co_return fail(std::move(parsed).error().with("read the server's answer"));
  Answer answer{*std::move(parsed), std::nullopt};
  if (response->status == 202) {
    answer.awaits = AwaitsApproval{pause_of(answer.body, "retry_after"),
                                   string_or(answer.body, "request_id", "")};
  }
  co_return answer;
}

Task<Result<std::variant<InstallerSession, AwaitsApproval>>> FerryServer::log_in(
    PendingRegistration registration) {
  json::object body{{"token", registration.token.reveal()}};
  if (!registration.name.empty()) body["name"] = registration.name;
  if (!registration.hardware_id.empty()) body["hardware_id"] = registration.hardware_id;
  auto answer = co_await post("/auth/login_node", std::move(body), Secret());
  if (!answer) co_return fail(std::move(answer).error());
  if (answer->awaits) co_return *answer->awaits;
  auto access = require_string(answer->body, "access_token");
  if (!access) co_return fail(std::move(access).error().with("read the server's answer"));
  auto id = require_string(answer->body, "registration_id");
  if (!id) co_return fail(std::move(id).error().with("read the server's answer"));
  co_return InstallerSession{Secret(*std::move(access)), *std::move(id)};
}

Task<Result<Registration>> FerryServer::get_certificate(InstallerSession session,
                                                        std::string csr_pem) {
  auto answer = co_await post("/registration/azure/get_certificate", {{"csr", csr_pem}},
                              session.access_token);
  if (!answer) co_return fail(std::move(answer).error().with("get the device's certificate"));
  co_return read_registration(answer->body, base_, session.registration_id);
}

Task<Result<std::variant<Registration, AwaitsApproval>>> FerryServer::renew(std::string csr_pem) {
  auto answer = co_await post("/registration/renew", {{"csr", csr_pem}}, Secret());
  if (!answer) co_return fail(std::move(answer).error().with("renew the device's certificate"));
  if (answer->awaits) co_return *answer->awaits;
  auto id = require_string(answer->body, "registration_id");
  if (!id) co_return fail(std::move(id).error().with("read the server's answer"));
  auto registration = read_registration(answer->body, base_, *std::move(id));
  if (!registration) co_return fail(std::move(registration).error());
  co_return *std::move(registration);
}

Task<Result<DeviceStatus>> FerryServer::status() {
  auto answer = co_await post("/registration/status", {}, Secret());
  if (!answer) co_return fail(std::move(answer).error().with("ask Ferry about this device"));
  co_return DeviceStatus{time_of(answer->body, "renew_after"),
                         pause_of(answer->body, "check_after")};
}

Task<Result<Timestamp>> FerryServer::date() {
  net::HttpCall call;
  call.url = base_ + "/healthz";
  call.max_body = kMostAnswer;
  auto response = co_await http_->send(std::move(call));
  if (!response) co_return fail(std::move(response).error().with("ask Ferry for the time"));
  auto date = parse_rfc1123(response->headers.get_or("Date", ""));
  if (!date) co_return fail(Code::unavailable, "the server does not say what time it is");
  co_return *date;
}

Task<Result<void>> find_time(AgentSettings settings, std::string server, DeviceTime& clock) {
  log::warning("time", "the clock says {}, which cannot be", format_rfc3339(clock.now()));
  net::TlsClientOptions tls_options;
  tls_options.ca_pem = settings.server_ca_pem;
  tls_options.system_roots = settings.server_ca_pem.empty();
  tls_options.check_dates = false;
  auto tls = net::TlsClientContext::create(tls_options);
  if (!tls) co_return fail(std::move(tls).error());
  net::HttpClientOptions http_options;
  http_options.tls = *tls;
  net::HttpClient http(std::move(http_options));
  auto ferry = FerryServer::at(http, server);
  if (!ferry) co_return fail(std::move(ferry).error());
  auto date = co_await ferry->date();
  if (!date) co_return fail(std::move(date).error());
  if (!clock.take_hint(*date)) {
    co_return fail(Code::unavailable, "the server says {}, which cannot be either",
                   format_rfc3339(*date));
  }
  log::info("time", "goes by {} for now, as the server says; the system's clock is left alone",
            format_rfc3339(*date));
  co_return Result<void>();
}

Result<Registration> read_registration(const json::object& answer, std::string server,
                                       std::string registration_id) {
  Registration registration;
  registration.server = std::move(server);
  registration.registration_id = std::move(registration_id);
  const std::pair<std::string_view, std::string*> members[] = {
      {"full_chain", &registration.chain_pem},
      {"provisioning_host", &registration.provisioning_host},
      {"id_scope", &registration.id_scope}};
  for (const auto& [name, member] : members) {
    auto value = require_string(answer, name);
    if (!value) return fail(std::move(value).error().with("read the server's answer"));
    *member = *std::move(value);
  }
  if (const auto* payload = find_object(answer, "device_payload")) registration.payload = *payload;
  registration.renew_after = time_of(answer, "renew_after");
  return registration;
}

}  // namespace ferry::agent
