// SPDX-License-Identifier: Apache-2.0
#include "net/http_recorder.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <fstream>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "net/redaction.hpp"

namespace ferry::net {
namespace {

std::string file_name(std::size_t order) {
  return fmt::format("{:08}.json", order);
}

// Of the file with the highest number; 0 in an empty directory.
std::size_t last_order(const std::filesystem::path& directory) {
  std::size_t highest = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string stem = entry.path().stem().string();
    std::size_t order = 0;
    const auto [end, bad] = std::from_chars(stem.data(), stem.data() + stem.size(), order);
    if (bad == std::errc() && end == stem.data() + stem.size()) highest = std::max(highest, order);
  }
  return highest;
}

json::object describe_headers(const Headers& headers) {
  json::object result;
  for (const auto& [name, value] : headers.fields()) {
    const std::string shown = redact_header(name, value);
    const auto [at, added] = result.emplace(name, shown);
    if (!added) at->value() = std::string(at->value().get_string()) + ", " + shown;
  }
  return result;
}

// Adds `body`, or `bodySize` when it is not shown.
void describe_body(json::object& message, const Headers& headers, const std::string& body,
                   std::size_t limit) {
  if (body.empty()) return;
  const std::string type = to_lower(headers.get_or("Content-Type", ""));
  if (body.size() <= limit && type.starts_with("application/x-www-form-urlencoded")) {
    message["body"] = redact_form(body);
    return;
  }
  if (body.size() <= limit && type.find("json") != std::string::npos) {
    auto value = parse_json(body);
    if (value) {
      message["body"] = redact_json(*value);
      return;
    }
  }
  message["bodySize"] = body.size();
}

json::object describe(const HttpRequest& request, std::size_t body_limit) {
  json::object result{
      {"method", request.method},
      {"url", fmt::format("{}://{}{}", request.peer.tls ? "https" : "http",
                          request.headers.get_or("Host", ""), redact_target(request.target))},
      {"headers", describe_headers(request.headers)}};
  describe_body(result, request.headers, request.body, body_limit);
  return result;
}

json::object describe(const HttpResponse& response, bool head_only, std::size_t body_limit) {
  json::object result{{"statusCode", std::to_string(response.status)},
                      {"headers", describe_headers(response.headers)}};
  if (response.stream) result["streamed"] = true;
  if (!head_only) describe_body(result, response.headers, response.body, body_limit);
  return result;
}

}  // namespace

HttpRecorder::HttpRecorder(std::filesystem::path directory, Limits limits, std::size_t count)
    : directory_(std::move(directory)), limits_(limits), count_(count) {}

Result<std::shared_ptr<HttpRecorder>> HttpRecorder::open(std::filesystem::path directory,
                                                         Limits limits) {
  auto made = make_directories(directory, 0700);
  if (!made) return fail(std::move(made).error());
  const std::size_t count = last_order(directory);
  return std::shared_ptr<HttpRecorder>(new HttpRecorder(std::move(directory), limits, count));
}

HttpHandler HttpRecorder::wrap(std::shared_ptr<HttpRecorder> recorder, HttpHandler handler) {
  return [recorder = std::move(recorder), handler = std::move(handler)](HttpRequest request) {
    return record(recorder, handler, std::move(request));
  };
}

Task<HttpResponse> HttpRecorder::record(std::shared_ptr<HttpRecorder> recorder, HttpHandler handler,
                                        HttpRequest request) {
  const Timestamp began = SystemClock().now();
  const bool head_only = request.method == "HEAD";
  json::object asked = describe(request, recorder->limits_.body);
  HttpResponse response = co_await handler(std::move(request));
  json::object exchange{{"time", format_rfc3339(began)},
                        {"milliseconds", (SystemClock().now() - began).count()},
                        {"liveRequest", std::move(asked)},
                        {"liveResponse", describe(response, head_only, recorder->limits_.body)}};
  recorder->write(std::move(exchange));
  co_return response;
}

void HttpRecorder::write(json::object exchange) {
  count_ += 1;
  if (count_ == limits_.exchanges + 1) {
    log::warning("net", "{} exchanges are recorded in {}; later ones are not", limits_.exchanges,
                 directory_.string());
  }
  if (count_ > limits_.exchanges) return;
  exchange["order"] = count_;
  const std::filesystem::path path = directory_ / file_name(count_);
  const std::filesystem::path unfinished = directory_ / "unfinished";
  std::ofstream file(unfinished, std::ios::trunc);
  file << json::serialize(exchange) << '\n';
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(unfinished, path, error);
  if (!file || error) log::warning("net", "cannot write the recording {}", path.string());
}

std::optional<std::filesystem::path> recordings_from_environment(std::string_view program) {
  const char* directory = std::getenv("FERRY_RECORD");
  if (directory == nullptr || *directory == '\0') return std::nullopt;
  return std::filesystem::path(directory) / fmt::format("{}-{}", program, getpid());
}

}  // namespace ferry::net
