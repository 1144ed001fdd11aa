// SPDX-License-Identifier: Apache-2.0
// Why a chain does or does not verify, in words: which link, which rule, what to do. chain.hpp
// decides; this explains, and never says that a chain verifies which chain.hpp refuses.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "x509/chain.hpp"

namespace ferry::x509 {

enum class Severity { error, warning, info };
std::string_view to_string(Severity severity);

struct ChainFinding {
  Severity severity = Severity::error;
  // "expired", "not-yet-valid", "clock-skew", "outlives-issuer", "not-a-ca", "key-usage",
  // "path-length", "extended-key-usage", "issuer-key", "missing-issuer", "untrusted-root",
  // "unchecked-root", "revoked", "key-mismatch", "order", "unneeded", "weak-key", "weak-signature",
  // "other"
  std::string rule;
  std::string certificate;  // its subject's common name
  std::string message;
  std::string hint;  // what to do; may be empty
};

struct ChainReport {
  bool verified = false;
  std::vector<ChainFinding> findings;  // errors first
  std::vector<Certificate> path;       // from the leaf up, as far as it goes
};

struct ExplainOptions {
  std::vector<Certificate> known;    // that the reader of the chain has besides
  std::vector<Certificate> anchors;  // empty: a self-signed certificate at the end is taken as one
  Timestamp at;
  // A clock that is off by less than this is called that.
  std::chrono::milliseconds clock_skew = std::chrono::hours(24);
  Purpose purpose = Purpose::client_auth;
  std::optional<PrivateKey> key;  // that the leaf is to be used with
  // When a certificate was revoked, and why, for people; nullopt when it was not.
  std::function<std::optional<std::string>(const Certificate&)> revoked;
};

// `presented` as it stands in the file; at least one.
ChainReport explain_chain(const std::vector<Certificate>& presented, const ExplainOptions& options);

}  // namespace ferry::x509
