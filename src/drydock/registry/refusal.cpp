// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/refusal.hpp"

#include "base/json.hpp"
#include "base/log.hpp"

namespace drydock::registry {

tl::unexpected<Refusal> refuse(int status, std::string code, std::string message) {
  return tl::unexpected(Refusal{status, std::move(code), std::move(message)});
}

tl::unexpected<Refusal> refuse(Refusal refusal) {
  return tl::unexpected(std::move(refusal));
}

tl::unexpected<Refusal> refuse_internal(const ferry::Error& error) {
  ferry::log::error("registry", "{}", error.describe());
  return refuse(500, "UNKNOWN", "the registry cannot answer now");
}

net::HttpResponse json_response(int status, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = std::move(body);
  return response;
}

net::HttpResponse to_response(const Refusal& refusal) {
  const ferry::json::object error = {
      {"code", refusal.code}, {"message", refusal.message}, {"detail", nullptr}};
  net::HttpResponse response = json_response(
      refusal.status,
      ferry::json::serialize(ferry::json::object{{"errors", ferry::json::array{error}}}));
  for (const auto& [name, value] : refusal.headers.fields()) response.headers.set(name, value);
  return response;
}

}  // namespace drydock::registry
