// SPDX-License-Identifier: Apache-2.0
// OAuth 2.0 client credentials at Microsoft Entra ID: POST {authority}/{tenant}/oauth2/v2.0/token.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "azure/environment.hpp"
#include "azure/pipeline.hpp"
#include "base/secret.hpp"

namespace ferry::azure {

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // A bearer token for `scope` ("https://management.azure.com/.default"), usable for some minutes.
  virtual net::Task<Result<Secret>> token(std::string scope) = 0;
  // The service refused the token: do not hand the same one out again.
  virtual void forget(std::string_view scope) = 0;
};

// A service principal with a client secret.
struct ClientSecret {
  std::string tenant;  // id or domain name
  std::string client_id;
  Secret secret;
};

// Keeps one token per scope and asks for the next one five minutes before it expires (or after half
// of its life, when that is shorter). While an old token is still good, a failed renewal is not an
// error. Code::unauthenticated with the AADSTS text and a hint when Entra refuses the credential.
class ClientSecretTokenSource final : public TokenSource {
 public:
  // `pipeline` must outlive it. `authority` is CloudEnvironment::active_directory.
  ClientSecretTokenSource(Pipeline& pipeline, std::string authority, ClientSecret credential);
  net::Task<Result<Secret>> token(std::string scope) override;
  void forget(std::string_view scope) override;

 private:
  struct Kept {
    Secret token;
    Timestamp renew_at;
    Timestamp expires_at;
  };
  net::Task<Result<Kept>> request(std::string scope);
  Pipeline& pipeline_;
  std::string authority_;
  ClientSecret credential_;
  std::map<std::string, Kept, std::less<>> kept_;
};

// "Authorization: Bearer ..." for each attempt. `source` must outlive the result.
Authorize authorize_with_token(TokenSource& source, std::string scope);

}  // namespace ferry::azure
