// SPDX-License-Identifier: Apache-2.0
// Sign-in of a person with a code (RFC 8628), and the tokens that the refresh token gives
// afterwards.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "azure/entra/token_endpoint.hpp"

namespace ferry::azure {

// The public client of Microsoft's command line, which every tenant knows.
inline constexpr std::string_view kAzureCliClientId = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

struct DeviceCode {
  Secret device_code;
  std::string user_code;
  std::string verification_uri;
  std::string message;  // for the person, as the service words it
  std::chrono::seconds interval{5};
  std::chrono::seconds life{900};
};

// The protocol without I/O: what to send, and what an answer means.
class DeviceCodeSignIn {
 public:
  DeviceCodeSignIn(TokenEndpoint endpoint, std::string client_id, std::string scope);

  struct Wait {
    std::chrono::seconds pause;
  };
  // Done, not yet, or an Error: declined (Code::permission_denied), expired
  // (Code::deadline_exceeded), refused (Code::unauthenticated).
  using Step = Result<std::variant<FreshToken, Wait>>;

  Request begin() const;
  Result<DeviceCode> begun(const net::HttpResponse& response, Timestamp now);
  Request poll() const;  // after begun(); not before the pause has passed
  Step polled(const net::HttpResponse& response, Timestamp now);
  std::chrono::seconds pause() const { return pause_; }

 private:
  TokenEndpoint endpoint_;
  std::string client_id_;
  std::string scope_;
  Secret device_code_;
  std::chrono::seconds pause_{5};
  Timestamp expires_at_;
};

// Both borrow `sign_in`. First the code, to be shown to a person; then the wait until the person
// has entered it elsewhere.
net::Task<Result<DeviceCode>> ask_for_code(Pipeline& pipeline, DeviceCodeSignIn& sign_in);
net::Task<Result<FreshToken>> wait_for_person(Pipeline& pipeline, DeviceCodeSignIn& sign_in);

// Tokens for a person who has signed in. Each use may give a newer refresh token, which is handed
// to `keep` before the access token is used. When it cannot be kept, the access token is still
// good.
struct RefreshCredential {
  std::string tenant;
  std::string client_id;
  Secret refresh_token;
};
class RefreshTokenSource final : public CachedTokenSource {
 public:
  using Keep = std::function<Result<void>(const Secret& refresh_token)>;
  RefreshTokenSource(Pipeline& pipeline, std::string authority, RefreshCredential credential,
                     Keep keep);

 private:
  net::Task<Result<FreshToken>> fetch(std::string scope) override;
  TokenEndpoint endpoint_;
  RefreshCredential credential_;
  Keep keep_;
};

}  // namespace ferry::azure
