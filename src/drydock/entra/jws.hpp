// SPDX-License-Identifier: Apache-2.0
// Signed JSON Web Tokens of others (RFC 7515, RFC 7519): assertions that clients sign with their
// certificate's key, and tokens of federated issuers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "x509/keys.hpp"

namespace drydock::entra {

struct Jws {
  ferry::json::object header;
  ferry::json::object claims;
  std::string signed_text;  // header and claims as they came
  std::string signature;

  // Nothing when `text` is not a compact serialization of a JSON object.
  static std::optional<Jws> parse(std::string_view text);

  // RS256 (PKCS#1 v1.5) or PS256 (PSS), as the header says; no other algorithm is true.
  bool verify(const ferry::x509::PublicKey& key) const;
  // A NumericDate (RFC 7519 s.2), which may be fractional: MSAL for Python sends such.
  std::optional<double> date(std::string_view claim) const;
  // The claim `aud`, one text or a list of them (RFC 7519 s.4.1.3): Kubernetes sends a list.
  std::vector<std::string> audiences() const;
};

// The RSA key of a JSON Web Key Set (RFC 7517 s.5) with this id; the only one when `key_id` is
// empty.
std::optional<ferry::x509::PublicKey> find_key(const ferry::json::object& key_set,
                                               std::string_view key_id);

}  // namespace drydock::entra
