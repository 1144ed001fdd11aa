// SPDX-License-Identifier: Apache-2.0
#include "drydock/faults/control.hpp"

#include "base/encoding.hpp"
#include "net/http_client.hpp"

namespace drydock {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr std::string_view kFaults = "/faults";

HttpResponse json_answer(int status, const json::value& body) {
  HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = json::serialize(body);
  return response;
}

HttpResponse refused(int status, std::string_view code, std::string_view message) {
  return json_answer(status,
                     json::object{{"error", json::object{{"code", code}, {"message", message}}}});
}

HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  return response;
}

HttpResponse list_faults(const Faults& faults) {
  json::array items;
  for (const Faults::Entry& entry : faults.list()) {
    json::object item{{"id", entry.id}};
    for (const auto& member : to_json(entry.fault)) item[member.key()] = member.value();
    item["matched"] = entry.matched;
    item["struck"] = entry.struck;
    items.push_back(std::move(item));
  }
  return json_answer(200, json::object{{"faults", std::move(items)}});
}

HttpResponse add_fault(Faults& faults, const HttpRequest& request) {
  auto body = parse_json_object(request.body);
  if (!body) return refused(400, "InvalidFault", body.error().describe());
  auto fault = fault_from_json(*body);
  if (!fault) return refused(400, "InvalidFault", fault.error().describe());
  auto id = faults.add(*std::move(fault));
  if (!id) return refused(400, "InvalidFault", id.error().describe());
  return json_answer(201, json::object{{"id", *id}});
}

}  // namespace

std::filesystem::path control_socket(const std::filesystem::path& directory) {
  return directory / "control.sock";
}

HttpResponse answer_control(Faults& faults, const HttpRequest& request) {
  const std::string_view path = request.path();
  if (path == kFaults && request.method == "GET") return list_faults(faults);
  if (path == kFaults && request.method == "POST") return add_fault(faults, request);
  if (path == kFaults && request.method == "DELETE") {
    faults.clear();
    return no_content();
  }
  const bool one = path.starts_with(kFaults) && path.size() > kFaults.size() + 1;
  if (one && request.method == "DELETE") {
    const std::string id = percent_decode(path.substr(kFaults.size() + 1));
    if (faults.remove(id)) return no_content();
    return refused(404, "FaultNotFound", fmt::format("There is no fault '{}'.", id));
  }
  return refused(404, "NotFound", "The control interface has /faults and /faults/{id}.");
}

net::Task<Result<json::object>> ControlClient::call(std::string method, std::string path,
                                                    std::string body) const {
  net::HttpClientOptions options;
  options.unix_socket = control_socket(directory_);
  net::HttpClient client(std::move(options));
  net::HttpCall call;
  call.method = std::move(method);
  call.url = "http://drydock" + path;
  call.body = std::move(body);
  call.timeout = std::chrono::seconds(10);
  auto response = co_await client.send(std::move(call));
  if (!response) {
    co_return fail(std::move(response).error().advise(fmt::format(
        "start one with 'drydock serve --data {}', or name another directory with --data",
        directory_.string())));
  }
  auto answer = response->body.empty() ? json::object() : parse_json_object(response->body);
  if (response->status < 300 && answer) co_return *std::move(answer);
  const json::object* error = answer ? find_object(*answer, "error") : nullptr;
  const Code code = response->status == 404   ? Code::not_found
                    : response->status == 400 ? Code::invalid_argument
                                              : Code::internal;
  co_return fail(code, "{}",
                 error == nullptr
                     ? fmt::format("the control interface answered {}", response->status)
                     : string_or(*error, "message", ""));
}

net::Task<Result<std::string>> ControlClient::add(Fault fault) const {
  auto answer = co_await call("POST", std::string(kFaults), json::serialize(to_json(fault)));
  if (!answer) co_return fail(std::move(answer).error().with("add a fault"));
  co_return require_string(*answer, "id");
}

net::Task<Result<json::array>> ControlClient::list() const {
  auto answer = co_await call("GET", std::string(kFaults), "");
  if (!answer) co_return fail(std::move(answer).error().with("list faults"));
  co_return require_array(*answer, "faults");
}

net::Task<Result<void>> ControlClient::remove(std::string id) const {
  auto answer = co_await call("DELETE", fmt::format("{}/{}", kFaults, percent_encode(id)), "");
  if (!answer) co_return fail(std::move(answer).error().with("remove fault {}", id));
  co_return Result<void>();
}

net::Task<Result<void>> ControlClient::clear() const {
  auto answer = co_await call("DELETE", std::string(kFaults), "");
  if (!answer) co_return fail(std::move(answer).error().with("remove all faults"));
  co_return Result<void>();
}

}  // namespace drydock
