// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/issuer.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock::entra {

using namespace ferry;

namespace {

std::string without_trailing_slash(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return to_lower(text);
}

}  // namespace

Issuer::Issuer(std::string tenant_id, TokenSigner signer, const Endpoints& endpoints,
               const Clock& clock)
    : tenant_id_(std::move(tenant_id)),
      signer_(std::move(signer)),
      endpoints_(endpoints),
      clock_(clock) {}

std::string Issuer::name() const {
  return fmt::format("{}/{}/v2.0", endpoints_.login_url(), tenant_id_);
}

json::object Issuer::claims(const std::string& audience) const {
  const std::int64_t now = unix_seconds(clock_.now());
  return {{"aud", audience},
          {"iss", name()},
          {"iat", now},
          {"nbf", now - 300},  // as Entra does, for clocks that are behind
          {"exp", now + kLifetime.count()},
          {"idp", name()},
          {"tid", tenant_id_},
          {"uti", base64url_encode(random_bytes(16))},
          {"ver", "1.0"}};
}

std::string Issuer::application_token(const Principal& principal, const std::string& audience,
                                      std::string_view proof) const {
  json::object token = claims(audience);
  token["appid"] = principal.client_id;
  token["appidacr"] = proof;
  token["app_displayname"] = principal.name;
  token["idtyp"] = "app";
  token["oid"] = principal.object_id;
  token["sub"] = principal.object_id;
  token["xms_tcdt"] = token.at("iat");
  return signer_.sign(token);
}

std::string Issuer::user_token(const Principal& user, const std::string& client_id,
                               const std::string& audience) const {
  json::object token = claims(audience);
  token["appid"] = client_id;
  token["appidacr"] = "0";  // a public client proves nothing
  token["amr"] = json::array{"pwd"};
  token["idtyp"] = "user";
  token["oid"] = user.object_id;
  token["sub"] = user.object_id;
  token["name"] = user.name;
  token["unique_name"] = user.name;
  token["upn"] = user.name;
  token["scp"] = "user_impersonation";
  return signer_.sign(token);
}

std::string Issuer::id_token(const Principal& user, const std::string& client_id) const {
  json::object token = claims(client_id);
  token["ver"] = "2.0";
  token["oid"] = user.object_id;
  token["sub"] = user.object_id;
  token["name"] = user.name;
  token["preferred_username"] = user.name;
  token["upn"] = user.name;
  return signer_.sign(token);
}

std::optional<TokenIdentity> Issuer::verify(std::string_view jwt,
                                            const std::vector<std::string>& audiences) const {
  auto claims = signer_.verify(jwt, clock_.now());
  if (!claims || string_or(*claims, "iss", "") != name()) return std::nullopt;
  TokenIdentity identity{string_or(*claims, "oid", ""), string_or(*claims, "appid", ""),
                         string_or(*claims, "aud", ""), string_or(*claims, "tid", "")};
  const std::string audience = without_trailing_slash(identity.audience);
  for (const std::string& accepted : audiences) {
    if (without_trailing_slash(accepted) == audience) return identity;
  }
  return std::nullopt;
}

}  // namespace drydock::entra
