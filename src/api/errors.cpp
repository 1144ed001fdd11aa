// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"

namespace ferry::api {

int status_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::permission_denied:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::precondition_failed:
      return 412;
    case Code::resource_exhausted:
      return 429;
    case Code::cancelled:
      return 499;
    case Code::internal:
      return 500;
    case Code::unsupported:
      return 501;
    case Code::unavailable:
      return 503;
    case Code::deadline_exceeded:
      return 504;
  }
  return 500;
}

net::HttpResponse error_response(const Error& error, json::object details) {
  auto response = json_response(
      status_of(error.code),
      json::object{{"error", json::object{{"code", std::string(to_string(error.code))},
                                          {"message", error.message},
                                          {"hint", error.hint},
                                          {"details", std::move(details)}}}});
  if (error.code == Code::unauthenticated) {
    response.headers.set("WWW-Authenticate", "Bearer");  // RFC 9110 s.11.6.1
  }
  return response;
}

net::HttpResponse json_response(int status, const json::value& body) {
  net::HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.headers.set("Cache-Control", "no-store");
  response.body = json::serialize(body) + "\n";
  return response;
}

net::HttpResponse no_content() {
  net::HttpResponse response;
  response.status = 204;
  return response;
}

}  // namespace ferry::api
