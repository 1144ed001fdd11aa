// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/tokens.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock {

using namespace ferry;

namespace {

std::optional<json::object> decode_part(std::string_view part) {
  auto text = base64url_decode(part);
  if (!text) return std::nullopt;
  auto object = parse_json_object(*text);
  if (!object) return std::nullopt;
  return *std::move(object);
}

}  // namespace

TokenSigner::TokenSigner(x509::PrivateKey key)
    : key_(std::move(key)), key_id_(base64url_encode(sha1(key_.public_key().to_der()))) {}

std::string TokenSigner::sign(const json::object& claims) const {
  // x5t beside kid, because Microsoft's own tokens carry both with the same value.
  const json::object header{{"typ", "JWT"}, {"alg", "RS256"}, {"x5t", key_id_}, {"kid", key_id_}};
  const std::string text =
      base64url_encode(json::serialize(header)) + "." + base64url_encode(json::serialize(claims));
  return text + "." + base64url_encode(key_.sign(text));
}

std::optional<json::object> TokenSigner::verify(std::string_view token, Timestamp now) const {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || last == first) return std::nullopt;
  auto header = decode_part(token.substr(0, first));
  // The algorithm is fixed: a token must not choose how it is checked (RFC 8725 s.3.1).
  if (!header || string_or(*header, "alg", "") != "RS256") return std::nullopt;
  auto signature = base64url_decode(token.substr(last + 1));
  if (!signature || !key_.public_key().verify(token.substr(0, last), *signature)) {
    return std::nullopt;
  }
  auto claims = decode_part(token.substr(first + 1, last - first - 1));
  if (!claims) return std::nullopt;
  const auto seconds = unix_seconds(now);
  if (int_or(*claims, "exp", 0) <= seconds || int_or(*claims, "nbf", 0) > seconds) {
    return std::nullopt;
  }
  return claims;
}

json::object TokenSigner::key_set() const {
  auto numbers = key_.public_key().rsa_numbers();
  FERRY_CHECK(numbers.has_value());
  json::object key{{"kty", "RSA"},
                   {"use", "sig"},
                   {"alg", "RS256"},
                   {"kid", key_id_},
                   {"x5t", key_id_},
                   {"n", base64url_encode(numbers->modulus)},
                   {"e", base64url_encode(numbers->exponent)}};
  return {{"keys", json::array{std::move(key)}}};
}

}  // namespace drydock
