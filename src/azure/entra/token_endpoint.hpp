// SPDX-License-Identifier: Apache-2.0
// The OAuth 2.0 token endpoint of Microsoft Entra ID: POST
// {authority}/{tenant}/oauth2/v2.0/token (RFC 6749 s.3.2).
#pragma once

#include <string>

#include "azure/entra/token_source.hpp"
#include "base/encoding.hpp"

namespace ferry::azure {

// Where a tenant's tokens come from. `authority` is CloudEnvironment::active_directory.
struct TokenEndpoint {
  std::string authority;
  std::string tenant;  // id or domain name
  std::string url(std::string_view leaf = "token") const;
};

// A request with `form`, fit to be repeated: asking for a token twice harms nobody.
Request token_request(const std::string& url, const FormFields& form);

// What the answer of any token service holds: numbers may come as text. Code::unavailable when
// there is no token in it.
Result<FreshToken> read_token(const json::value& body);

// Sends the request. Code::unauthenticated with the AADSTS text and a hint when the credential is
// refused. `what`: what is being tried, without secrets.
net::Task<Result<FreshToken>> ask_for_token(Pipeline& pipeline, TokenEndpoint endpoint,
                                            FormFields form, std::string what);

// What to do about a refusal, by the AADSTS number in its text; empty for unknown ones.
std::string hint_for_refusal(std::string_view message);

}  // namespace ferry::azure
