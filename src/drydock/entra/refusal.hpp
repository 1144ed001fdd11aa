// SPDX-License-Identifier: Apache-2.0
// Answers of Entra's OAuth endpoints: JSON, and errors with their AADSTS numbers (RFC 6749 s.5.2
// and Microsoft's members beside it).
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "drydock/endpoints.hpp"
#include "net/http.hpp"

namespace drydock::entra {

struct Refusal {
  int status = 400;
  std::string error;  // "invalid_client": what clients branch on
  int number = 0;     // AADSTS number
  std::string text;
};
template <class T>
using Outcome = tl::expected<T, Refusal>;
tl::unexpected<Refusal> refuse(int status, std::string_view error, int number,
                               std::string_view text);
// For an error of our own, such as a full disk; logs it.
tl::unexpected<Refusal> refuse(const ferry::Error& error);

ferry::net::HttpResponse json_response(int status, const ferry::json::value& body);
ferry::net::HttpResponse refusal_response(const ferry::net::HttpRequest& request,
                                          const Refusal& refusal, const Endpoints& endpoints,
                                          ferry::Timestamp now);

// The first field of that name, "" when there is none.
std::string field(const ferry::FormFields& form, std::string_view name);

}  // namespace drydock::entra
