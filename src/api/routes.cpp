// SPDX-License-Identifier: Apache-2.0
#include "api/routes.hpp"

#include "api/caller.hpp"
#include "api/errors.hpp"

namespace ferry::api {
namespace {

constexpr std::string_view kPrefix = "/api/v1";

// Fewer rights, greater number.
int rank(fleet::Role role) {
  switch (role) {
    case fleet::Role::owner:
      return 0;
    case fleet::Role::operator_:
      return 1;
    case fleet::Role::viewer:
      return 2;
  }
  return 3;
}

net::Task<Answer> invoke(Routes::Plain function, control::Control& control, Call call) {
  co_return function(control, call);
}

net::Task<Answer> invoke(Routes::Waiting function, control::Control& control, Call call) {
  auto answer = co_await function(control, std::move(call));
  co_return answer;
}

template <class Function>
net::Task<net::HttpResponse> serve(control::Control& control, Function function, fleet::Role least,
                                   net::HttpRequest request, net::RouteParameters parameters) {
  auto caller = caller_of(control, request);
  if (!caller) co_return error_response(caller.error());
  if (rank(caller->role) > rank(least)) {
    co_return error_response(
        Error{Code::permission_denied,
              fmt::format("{} has the role {}; this needs {}", caller->user,
                          fleet::to_string(caller->role), fleet::to_string(least))});
  }
  Call call{std::move(request), std::move(parameters), *std::move(caller)};
  auto answer = co_await invoke(function, control, std::move(call));
  if (!answer) co_return error_response(answer.error());
  co_return *std::move(answer);
}

}  // namespace

template <class Function>
void Routes::add_handler(std::string method, std::string_view pattern, fleet::Role least,
                         Function function) {
  router_.add(std::move(method), fmt::format("{}{}", kPrefix, pattern),
              [&control = control_, function, least](net::HttpRequest request,
                                                     net::RouteParameters parameters) {
                return serve(control, function, least, std::move(request), std::move(parameters));
              });
}

void Routes::add(std::string method, std::string_view pattern, fleet::Role least, Plain function) {
  add_handler(std::move(method), pattern, least, function);
}

void Routes::add(std::string method, std::string_view pattern, fleet::Role least,
                 Waiting function) {
  add_handler(std::move(method), pattern, least, function);
}

Result<json::object> body_of(const Call& call) {
  if (trim(call.request.body).empty()) return json::object{};
  return parse_json_object(call.request.body);
}

}  // namespace ferry::api
