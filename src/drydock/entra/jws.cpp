// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/jws.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <memory>

#include "base/encoding.hpp"

namespace drydock::entra {

using namespace ferry;

namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<json::object> decode_object(std::string_view part) {
  auto text = base64url_decode(part);
  if (!text) return std::nullopt;
  auto object = parse_json_object(*text);
  if (!object) return std::nullopt;
  return *std::move(object);
}

Number number_from(const json::object& key, std::string_view name) {
  auto bytes = base64url_decode(string_or(key, name, ""));
  if (!bytes || bytes->empty()) return nullptr;
  return Number(BN_bin2bn(bytes_of(*bytes), static_cast<int>(bytes->size()), nullptr));
}

std::optional<x509::PublicKey> rsa_key(const json::object& key) {
  const Number modulus = number_from(key, "n");
  const Number exponent = number_from(key, "e");
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder) return std::nullopt;
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return std::nullopt;
  }
  return x509::PublicKey(std::shared_ptr<evp_pkey_st>(made, EVP_PKEY_free));
}

}  // namespace

std::optional<Jws> Jws::parse(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  auto header = decode_object(parts[0]);
  auto claims = decode_object(parts[1]);
  auto signature = base64url_decode(parts[2]);
  if (!header || !claims || !signature) return std::nullopt;
  return Jws{*std::move(header), *std::move(claims), parts[0] + "." + parts[1],
             *std::move(signature)};
}

bool Jws::verify(const x509::PublicKey& key) const {
  const std::string algorithm = string_or(header, "alg", "");
  const bool pss = algorithm == "PS256";
  if (!pss && algorithm != "RS256") return false;
  if (EVP_PKEY_get_base_id(key.native()) != EVP_PKEY_RSA) return false;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;  // belongs to `context`
  if (!context ||
      EVP_DigestVerifyInit(context.get(), &padding, EVP_sha256(), nullptr, key.native()) != 1) {
    return false;
  }
  // RFC 7518 s.3.5: the salt is as long as the digest.
  if (pss && (EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                          bytes_of(signed_text), signed_text.size()) == 1;
}

std::optional<double> Jws::date(std::string_view claim) const {
  const auto* value = claims.if_contains(claim);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::vector<std::string> Jws::audiences() const {
  if (const json::array* list = find_array(claims, "aud")) {
    std::vector<std::string> audiences;
    for (const json::value& item : *list) {
      if (item.is_string()) audiences.emplace_back(item.get_string());
    }
    return audiences;
  }
  return {string_or(claims, "aud", "")};
}

std::optional<x509::PublicKey> find_key(const json::object& key_set, std::string_view key_id) {
  const json::array* keys = find_array(key_set, "keys");
  if (keys == nullptr) return std::nullopt;
  for (const json::value& item : *keys) {
    const json::object* key = item.if_object();
    if (key == nullptr || string_or(*key, "kty", "") != "RSA") continue;
    const bool only_one = key_id.empty() && keys->size() == 1;
    if (only_one || (!key_id.empty() && string_or(*key, "kid", "") == key_id)) return rsa_key(*key);
  }
  return std::nullopt;
}

}  // namespace drydock::entra
