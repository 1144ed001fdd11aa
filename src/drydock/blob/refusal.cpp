// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/refusal.hpp"

#include "base/log.hpp"
#include "drydock/blob/xml.hpp"

namespace drydock::blob {

tl::unexpected<Refusal> refuse(int status, std::string code, std::string message) {
  return tl::unexpected(Refusal{status, std::move(code), std::move(message)});
}

tl::unexpected<Refusal> refuse(Refusal refusal) {
  return tl::unexpected(std::move(refusal));
}

tl::unexpected<Refusal> refuse_internal(const ferry::Error& error) {
  ferry::log::error("blob", "{}", error.describe());
  return refuse(500, "InternalError",
                "The server encountered an internal error. Please retry the request.");
}

tl::unexpected<Refusal> refuse_header(std::string_view name, std::string_view value) {
  Refusal refusal{400, "InvalidHeaderValue",
                  "The value for one of the HTTP headers is not in the correct format."};
  refusal.details = {{"HeaderName", std::string(name)}, {"HeaderValue", std::string(value)}};
  return refuse(std::move(refusal));
}

tl::unexpected<Refusal> refuse_query(std::string_view name, std::string_view value) {
  Refusal refusal{400, "InvalidQueryParameterValue",
                  "Value for one of the query parameters specified in the request URI is invalid."};
  refusal.details = {{"QueryParameterName", std::string(name)},
                     {"QueryParameterValue", std::string(value)}};
  return refuse(std::move(refusal));
}

net::HttpResponse to_response(const Refusal& refusal, std::string_view request_id,
                              ferry::Timestamp now) {
  net::HttpResponse response;
  response.status = refusal.status;
  response.headers = refusal.headers;
  if (refusal.status == 304) return response;
  response.headers.set("x-ms-error-code", refusal.code);
  response.headers.set("Content-Type", "application/xml");
  XmlWriter xml;
  xml.open("Error");
  xml.element("Code", refusal.code);
  xml.element("Message", fmt::format("{}\nRequestId:{}\nTime:{}", refusal.message, request_id,
                                     ferry::format_rfc3339(now)));
  for (const auto& [name, value] : refusal.details) xml.element(name, value);
  xml.close("Error");
  response.body = std::move(xml).finish();
  return response;
}

}  // namespace drydock::blob
