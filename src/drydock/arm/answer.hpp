// SPDX-License-Identifier: Apache-2.0
// What a handler of Resource Manager gets and gives.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "net/http.hpp"
#include "net/router.hpp"

namespace drydock::arm {

namespace json = ferry::json;
using ferry::Code;
using ferry::Error;
using ferry::fail;
using ferry::Result;
using ferry::net::HttpRequest;
using ferry::net::HttpResponse;

// A request that matched a route. `body` is empty when there was none.
struct Call {
  HttpRequest request;
  ferry::net::RouteParameters path;
  std::string api_version;
  json::object body;
};

// The answer to a call that is not carried out. An Error (of the database) becomes a 500.
struct Refusal {
  Refusal(HttpResponse refused) : response(std::move(refused)) {}
  Refusal(Error error);
  HttpResponse response;
};
template <class T>
using Outcome = tl::expected<T, Refusal>;
using Answer = Outcome<HttpResponse>;
inline tl::unexpected<Refusal> refuse(HttpResponse response) {
  return tl::unexpected<Refusal>(Refusal(std::move(response)));
}
inline tl::unexpected<Refusal> fail(Refusal refusal) {
  return tl::unexpected<Refusal>(std::move(refusal));
}

HttpResponse json_response(int status, const json::value& body);
HttpResponse empty_response(int status);  // no Content-Type

// The envelope {"error": {"code", "message"}} of Resource Manager itself and of most providers.
HttpResponse arm_error(int status, std::string_view code, std::string_view message);
// The same with the "status" that Container Registry puts beside it.
HttpResponse registry_error(int status, std::string_view code, std::string_view message);
// The flat form of Microsoft.Devices: a numeric code whose first three digits are the status, and
// "errorcode: IH<code>" at the end of the message. Hubs write httpStatusCode as a number, Device
// Provisioning and all certificates as a word.
enum class StatusForm { number, word };
HttpResponse devices_error(int code, std::string_view message, StatusForm form);

}  // namespace drydock::arm
