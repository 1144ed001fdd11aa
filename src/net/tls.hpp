// SPDX-License-Identifier: Apache-2.0
// TLS 1.2 and 1.3 over OpenSSL. Contexts are immutable and shared by many connections.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace ferry::net {

// A certificate with its intermediates (leaf first) and the leaf's private key.
struct TlsIdentity {
  std::string certificate_chain_pem;
  Secret private_key_pem;
};

struct TlsClientOptions {
  std::string ca_pem;  // trusted roots in addition to the system's
  bool system_roots = true;
  std::optional<TlsIdentity> identity;  // client certificate, offered when the server asks
  // Certificates are checked against this clock's dates; null: against the system's.
  std::shared_ptr<const Clock> clock = nullptr;
  // Without, an expired certificate of a trusted issuer will do: only to ask such a peer for the
  // time, never for anything that matters.
  bool check_dates = true;
};

class TlsClientContext {
 public:
  static Result<std::shared_ptr<const TlsClientContext>> create(const TlsClientOptions& options);
  ~TlsClientContext();
  void* native() const { return context_; }  // SSL_CTX*
  const Clock* clock() const { return clock_.get(); }

 private:
  explicit TlsClientContext(void* context) : context_(context) {}
  void* context_;
  std::shared_ptr<const Clock> clock_;
};

struct TlsServerOptions {
  TlsIdentity identity;
  // Asks for a client certificate without requiring or verifying one: what is presented is in
  // PeerInfo::certificate_chain, and the protocol above decides.
  bool request_client_certificate = false;
  // PEM; with it, their subjects go out as the issuers that are asked for. Browsers then bother
  // their user only when they hold such a certificate; OpenSSL's clients present theirs anyway.
  std::string asked_issuers_pem = {};
};

class TlsServerContext {
 public:
  static Result<std::shared_ptr<const TlsServerContext>> create(const TlsServerOptions& options);
  ~TlsServerContext();
  void* native() const { return context_; }  // SSL_CTX*

 private:
  explicit TlsServerContext(void* context) : context_(context) {}
  void* context_;
};

}  // namespace ferry::net
