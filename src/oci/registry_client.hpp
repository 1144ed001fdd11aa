// SPDX-License-Identifier: Apache-2.0
// A registry of the OCI distribution protocol 1.1 with token authentication (Azure Container
// Registry, docker-registry, ...).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "oci/image.hpp"
#include "oci/transport.hpp"

namespace ferry::oci {

struct RegistryCredential {
  std::string username;
  Secret password;
};

struct RegistryOptions {
  std::string host;  // host[:port], as in references
  std::optional<RegistryCredential> credential;
  // Https unless set; plain http is refused for hosts other than loopback (127/8, ::1,
  // *.localhost).
  bool plain_http = false;
  const Clock* clock = nullptr;                                     // must be given; borrowed
  std::function<net::Task<void>(std::chrono::milliseconds)> sleep;  // net::sleep_for when empty
  int attempts = 5;  // on 429, 502, 503, 504 and when the registry cannot be reached
};

// A manifest as stored: its bytes are what the digest is of.
struct StoredManifest {
  std::string media_type;
  std::string digest;
  std::string body;
};

// Belongs to one loop. Answers a Bearer challenge with the credential and keeps the token per
// scope. Everything that is read by digest is checked against it (Code::internal when it differs).
// Errors: Code::not_found, Code::unauthenticated, Code::permission_denied,
// Code::resource_exhausted, Code::unavailable.
class RegistryClient {
 public:
  RegistryClient(Transport transport, RegistryOptions options);
  const std::string& host() const { return options_.host; }

  net::Task<Result<void>> ping();  // GET /v2/

  net::Task<Result<bool>> has_blob(std::string repository, std::string digest);
  // Does nothing when it is there.
  net::Task<Result<void>> push_blob(std::string repository, std::string digest, std::string bytes);
  // Makes a blob of another repository of this registry appear in `repository` without moving
  // bytes. False when the registry did not (it may not have it, or not want to).
  net::Task<Result<bool>> mount_blob(std::string repository, std::string digest,
                                     std::string from_repository);
  net::Task<Result<std::string>> get_blob(std::string repository, std::string digest);

  // `selector` is a tag or a digest. Returns the manifest's digest.
  net::Task<Result<std::string>> put_manifest(std::string repository, std::string selector,
                                              std::string media_type, std::string body);
  net::Task<Result<StoredManifest>> get_manifest(std::string repository, std::string selector);
  // Its digest, Code::not_found when there is none.
  net::Task<Result<std::string>> head_manifest(std::string repository, std::string selector);
  net::Task<Result<void>> delete_manifest(std::string repository, std::string digest);
  net::Task<Result<std::vector<std::string>>> list_tags(std::string repository);

 private:
  struct KeptToken {
    Secret token;
    Timestamp expires_at;
  };
  // `target` is "/v2/..."; `scope` "repository:app:pull,push", several separated by blanks.
  struct Exchange {
    std::string method;
    std::string target;  // or an absolute URL at this registry
    std::string scope;
    net::Headers headers = {};
    std::string body = {};
    bool repeatable = true;  // after a transport failure
  };
  // The answer, whatever its status, after authentication and retries.
  net::Task<Result<net::HttpResponse>> exchange(Exchange exchange);
  // As exchange(), and statuses of 400 and above are Errors.
  net::Task<Result<net::HttpResponse>> send(Exchange exchange);
  net::Task<Result<net::HttpResponse>> send_with_retries(net::HttpCall call, bool repeatable);
  net::Task<Result<net::HttpResponse>> follow_redirects(net::HttpCall call,
                                                        net::HttpResponse response);
  net::Task<Result<void>> choose_scheme();
  net::Task<Result<bool>> answer_challenge(std::string header, std::string scope);
  net::Task<Result<KeptToken>> fetch_token(std::string realm, std::string service,
                                           std::string scope);
  void authorize(net::HttpCall& call, const std::string& scope);
  // The address that the registry gave for an upload; must be at this registry.
  Result<std::string> upload_address(const net::HttpResponse& response) const;
  net::Task<Result<void>> upload(std::string repository, std::string digest, std::string bytes);

  Transport transport_;
  RegistryOptions options_;
  std::map<std::string, KeptToken> tokens_;
  bool basic_ = false;  // the registry wants the credential itself
  std::string scheme_;  // "https" or "http", once it is known
};

// Reads `Bearer realm="..",service="..",scope=".."`; parameter names in lower case. The scheme is
// under "scheme", lower case.
std::map<std::string, std::string> parse_challenge(std::string_view header);

// Whether a host[:port] is this machine: localhost, *.localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host_and_port);

}  // namespace ferry::oci
