// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/answer.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

namespace drydock::arm {

Refusal::Refusal(Error error)
    : response(
          arm_error(500, "InternalServerError", "Drydock cannot read or write its database.")) {
  ferry::log::error("arm", "{}", error.describe());
}

HttpResponse json_response(int status, const json::value& body) {
  HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = json::serialize(body);
  return response;
}

HttpResponse empty_response(int status) {
  HttpResponse response;
  response.status = status;
  return response;
}

namespace {
json::object envelope(std::string_view code, std::string_view message) {
  return {{"error", json::object{{"code", code}, {"message", message}}}};
}
}  // namespace

HttpResponse arm_error(int status, std::string_view code, std::string_view message) {
  return json_response(status, envelope(code, message));
}

HttpResponse registry_error(int status, std::string_view code, std::string_view message) {
  json::object body = envelope(code, message);
  body["status"] = "Failed";
  return json_response(status, body);
}

HttpResponse devices_error(int code, std::string_view message, StatusForm form) {
  const int status = code / 1000;
  std::string word(ferry::net::reason_phrase(status));
  std::erase(word, ' ');
  json::object body{{"code", code},
                    {"message", fmt::format("{} If you contact a support representative please "
                                            "include this correlation identifier: {}, errorcode: "
                                            "IH{}.",
                                            message, ferry::random_uuid(), code)}};
  if (form == StatusForm::number) {
    body["httpStatusCode"] = status;
  } else {
    body["httpStatusCode"] = word;
  }
  return json_response(status, body);
}

}  // namespace drydock::arm
