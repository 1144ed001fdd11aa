// SPDX-License-Identifier: Apache-2.0
#include "cli/client.hpp"

#include "cli/event_reader.hpp"

#include <array>

#include "base/file.hpp"

namespace ferry::cli {
namespace {

using net::Task;
using namespace std::chrono_literals;

// Provisioning calls answer at once with an operation; only uploads of images may take this long.
constexpr auto kUploadTimeout = 30min;

constexpr std::array kCodes{
    Code::invalid_argument,  Code::unauthenticated,     Code::permission_denied,  Code::not_found,
    Code::conflict,          Code::precondition_failed, Code::resource_exhausted, Code::unavailable,
    Code::deadline_exceeded, Code::cancelled,           Code::unsupported,        Code::internal};

Code code_of_status(int status) {
  switch (status) {
    case 400:
      return Code::invalid_argument;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::not_found;
    case 409:
      return Code::conflict;
    case 412:
      return Code::precondition_failed;
    case 413:
      return Code::invalid_argument;
    case 429:
      return Code::resource_exhausted;
    case 501:
      return Code::unsupported;
    case 502:
    case 503:
      return Code::unavailable;
    case 504:
      return Code::deadline_exceeded;
    default:
      return Code::internal;
  }
}

Code code_named(std::string_view name, int status) {
  for (Code code : kCodes) {
    if (to_string(code) == name) return code;
  }
  return code_of_status(status);
}

Result<Reply> read_reply(const net::HttpResponse& response) {
  Reply reply{response.status, nullptr};
  if (response.body.empty()) return reply;
  auto body = parse_json(response.body);
  if (body) {
    reply.body = *std::move(body);
  } else if (reply.ok()) {
    return fail(Error{Code::unavailable, "the server's answer is not JSON",
                      "is the profile's url that of a ferryd?"});
  }
  return reply;
}

}  // namespace

std::string api_path(std::initializer_list<std::string_view> segments) {
  std::string path = "/api/v1";
  for (auto segment : segments) path += "/" + percent_encode(segment);
  return path;
}

Error error_of(const Reply& reply) {
  if (const auto* body = reply.body.if_object()) {
    if (const auto* error = find_object(*body, "error")) {
      const auto code = string_or(*error, "code", "");
      return Error{code_named(code, reply.status),
                   string_or(*error, "message", "the server gave no reason"),
                   string_or(*error, "hint", "")};
    }
  }
  return Error{code_of_status(reply.status), fmt::format("the server answered {} {}", reply.status,
                                                         net::reason_phrase(reply.status))};
}

Result<Client> Client::create(const Profile& profile) {
  auto url = net::parse_url(profile.url);
  if (!url) return fail(std::move(url).error().with("the profile's url"));
  net::HttpClientOptions options;
  options.user_agent = "ferry-cli/0.1";
  if (url->scheme == "https") {
    net::TlsClientOptions tls;
    if (!profile.ca_file.empty()) {
      auto pem = read_file(profile.ca_file);
      if (!pem) return fail(std::move(pem).error().with("the profile's caFile"));
      tls.ca_pem = *std::move(pem);
      tls.system_roots = false;
    }
    auto context = net::TlsClientContext::create(tls);
    if (!context) return fail(std::move(context).error());
    options.tls = *std::move(context);
  }
  return Client(profile.url, profile.token, net::HttpClient(std::move(options)));
}

Task<Result<net::HttpResponse>> Client::send(net::HttpCall call) {
  call.url = url_ + call.url;
  if (!call.headers.contains("Authorization")) {
    call.headers.set("Authorization", "Bearer " + token_.reveal());
  }
  auto response = co_await http_.send(std::move(call));
  if (!response && response.error().code == Code::unavailable) {
    auto error = std::move(response).error().with("ferryd at {}", url_);
    if (error.hint.empty()) error.hint = "is it running? 'ferry up' starts a local one";
    co_return fail(std::move(error));
  }
  co_return response;
}

Task<Result<Reply>> Client::exchange(std::string method, std::string path, json::value body) {
  net::HttpCall call;
  call.method = std::move(method);
  call.url = std::move(path);
  if (!body.is_null()) {
    call.headers.set("Content-Type", "application/json");
    call.body = json::serialize(body);
  }
  auto response = co_await send(std::move(call));
  if (!response) co_return fail(std::move(response).error());
  co_return read_reply(*response);
}

namespace {

Result<json::value> only_success(Result<Reply> reply) {
  if (!reply) return fail(std::move(reply).error());
  if (!reply->ok()) return fail(error_of(*reply));
  return std::move(reply->body);
}

}  // namespace

Task<Result<json::value>> Client::get(std::string path) {
  auto reply = co_await exchange("GET", std::move(path));
  co_return only_success(std::move(reply));
}

Task<Result<json::value>> Client::get_all(std::string path) {
  json::array items;
  path += path.find('?') == std::string::npos ? "?limit=1000" : "&limit=1000";
  std::string next;
  do {
    auto answer = co_await get(next.empty() ? path : path + "&after=" + percent_encode(next));
    if (!answer) co_return fail(std::move(answer).error());
    auto* page = answer->if_object();
    auto* value = page ? page->if_contains("value") : nullptr;
    if (!value || !value->is_array()) {
      co_return fail(Code::internal, "ferryd's answer to {} is no list", path);
    }
    std::move(value->get_array().begin(), value->get_array().end(), std::back_inserter(items));
    next = string_or(*page, "next", "");
  } while (!next.empty());
  co_return json::object{{"value", std::move(items)}};
}

Task<Result<json::value>> Client::post(std::string path, json::value body) {
  auto reply = co_await exchange("POST", std::move(path), std::move(body));
  co_return only_success(std::move(reply));
}

Task<Result<json::value>> Client::remove(std::string path) {
  auto reply = co_await exchange("DELETE", std::move(path));
  co_return only_success(std::move(reply));
}

Task<Result<json::value>> Client::post_as(Secret bearer, std::string path, json::value body) {
  net::HttpCall call;
  call.method = "POST";
  call.url = std::move(path);
  call.headers.set("Content-Type", "application/json");
  call.headers.set("Authorization", "Bearer " + bearer.reveal());
  call.body = json::serialize(body);
  auto response = co_await send(std::move(call));
  if (!response) co_return fail(std::move(response).error());
  co_return only_success(read_reply(*response));
}

Task<Result<json::value>> Client::send_bytes(std::string method, std::string path,
                                             net::Headers headers, std::string bytes) {
  net::HttpCall call;
  call.method = std::move(method);
  call.url = std::move(path);
  call.headers = std::move(headers);
  call.headers.set("Content-Type", "application/octet-stream");
  call.body = std::move(bytes);
  call.timeout = kUploadTimeout;
  auto response = co_await send(std::move(call));
  if (!response) co_return fail(std::move(response).error());
  co_return only_success(read_reply(*response));
}

Task<Result<void>> Client::listen(std::string path, OnEvent on_event) {
  net::HttpCall call;
  call.url = std::move(path);
  call.headers.set("Accept", "text/event-stream");
  call.timeout = std::chrono::milliseconds(0);  // it ends when what it tells of ends
  EventReader reader(std::move(on_event));
  call.on_body = [&reader](std::string_view bytes) { return reader.take(bytes); };
  auto response = co_await send(std::move(call));
  if (!response) co_return fail(std::move(response).error());
  if (response->status == 200) co_return Result<void>{};
  auto reply = read_reply(*response);
  if (!reply) co_return fail(std::move(reply).error());
  co_return fail(error_of(*reply));
}

Task<Result<std::string>> Client::get_text(std::string path) {
  net::HttpCall call;
  call.url = std::move(path);
  auto response = co_await send(std::move(call));
  if (!response) co_return fail(std::move(response).error());
  if (response->status >= 200 && response->status < 300) co_return std::move(response->body);
  auto reply = read_reply(*response);
  if (!reply) co_return fail(std::move(reply).error());
  co_return fail(error_of(*reply));
}

}  // namespace ferry::cli
