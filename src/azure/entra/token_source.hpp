// SPDX-License-Identifier: Apache-2.0
// Where bearer tokens come from. Each kind of credential is a TokenSource, in the files beside this
// one.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
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

// What a token service answers.
struct FreshToken {
  Secret token;
  std::chrono::seconds life{0};
  Secret refresh_token;  // often empty
};

// Keeps one token per scope and asks for the next one five minutes before it expires (or after half
// of its life, when that is shorter); one question at a time, whose answer serves all who wait.
// While an old token is still good, a failed renewal is not an error. fetch() gives
// Code::unauthenticated with the service's text and a hint when the credential is refused.
class CachedTokenSource : public TokenSource {
 public:
  explicit CachedTokenSource(Pipeline& pipeline) : pipeline_(pipeline) {}  // must outlive it
  net::Task<Result<Secret>> token(std::string scope) override;
  void forget(std::string_view scope) override;

 protected:
  virtual net::Task<Result<FreshToken>> fetch(std::string scope) = 0;
  Pipeline& pipeline() { return pipeline_; }

 private:
  struct Kept {
    Secret token;
    Timestamp renew_at;
    Timestamp expires_at;
  };
  // The kept token when it needs no renewal yet.
  std::optional<Secret> good(std::string_view scope) const;
  Pipeline& pipeline_;
  std::map<std::string, Kept, std::less<>> kept_;
  std::unique_ptr<net::AsyncMutex> asking_;
};

// "Authorization: Bearer ..." for each attempt. `source` must outlive the result.
Authorize authorize_with_token(TokenSource& source, std::string scope);

}  // namespace ferry::azure
