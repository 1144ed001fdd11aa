// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/authorization.hpp"

#include "base/encoding.hpp"
#include "drydock/iot_hub/sas.hpp"
#include "x509/chain.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::x509::Certificate;

unsigned rights_of(const SharedAccessPolicy& policy) {
  unsigned rights = 0;
  for (const std::string& word : ferry::split(policy.rights, ',')) {
    const std::string_view name = ferry::trim(word);
    if (ferry::equals_ignore_case(name, "RegistryRead")) rights |= kRegistryRead;
    if (ferry::equals_ignore_case(name, "RegistryWrite")) rights |= kRegistryWrite | kRegistryRead;
    if (ferry::equals_ignore_case(name, "ServiceConnect")) rights |= kServiceConnect;
    if (ferry::equals_ignore_case(name, "DeviceConnect")) rights |= kDeviceConnect;
  }
  return rights;
}

const SharedAccessPolicy* find_policy(const HubInfo& hub, std::string_view name) {
  for (const SharedAccessPolicy& policy : hub.policies) {
    if (ferry::equals_ignore_case(policy.name, name)) return &policy;
  }
  return nullptr;
}

Outcome<void> check_policy(const HubInfo& hub, const SasToken& token, std::string_view resource,
                           unsigned wanted, ferry::Timestamp now) {
  if (!hub.local_auth) {
    return refuse(401002, "Unauthorized: the hub takes no tokens of policies (disableLocalAuth)");
  }
  const SharedAccessPolicy* policy = find_policy(hub, token.policy);
  if (!policy) return refuse(401002, "Unauthorized: there is no policy '{}'", token.policy);
  if (!signed_with(token, policy->primary_key) && !signed_with(token, policy->secondary_key)) {
    return refuse(401002, "Unauthorized: the signature of policy '{}' is wrong", policy->name);
  }
  if (is_expired(token, now)) return refuse(401002, "Unauthorized: the token has expired");
  if (!covers(token, resource)) {
    return refuse(401002, "Unauthorized: the token is for '{}', not for '{}'", token.resource,
                  resource);
  }
  if ((rights_of(*policy) & wanted) == 0) {
    return refuse(401002, "Unauthorized: policy '{}' lacks the right for this", policy->name);
  }
  return {};
}

std::string resource_of(const HubInfo& info, const EntityKey& key) {
  std::string resource = fmt::format("{}/devices/{}", info.host_name, key.device);
  if (!key.module.empty()) resource += "/modules/" + key.module;
  return resource;
}

Outcome<DeviceProof> check_own_key(const HubInfo& info, const Entity& entity, const SasToken& token,
                                   ferry::Timestamp now) {
  const Identity& identity = entity.identity;
  const bool is_module = !identity.key.module.empty();
  if (is_module ? !info.module_sas : !info.device_sas) {
    return refuse(401002, "Unauthorized: the hub takes no tokens of {} ({})",
                  is_module ? "modules" : "devices",
                  is_module ? "disableModuleSAS" : "disableDeviceSAS");
  }
  if (identity.authentication != Authentication::sas) {
    return refuse(401002, "Unauthorized: {} authenticates with {}, not with a token",
                  resource_of(info, identity.key), to_string(identity.authentication));
  }
  if (!signed_with(token, identity.primary_key) && !signed_with(token, identity.secondary_key)) {
    return refuse(401002, "Unauthorized: the token's signature is wrong");
  }
  if (is_expired(token, now)) return refuse(401002, "Unauthorized: the token has expired");
  const std::string resource = resource_of(info, identity.key);
  if (!covers(token, resource)) {
    return refuse(401002, "Unauthorized: the token is for '{}', not for '{}'", token.resource,
                  resource);
  }
  return DeviceProof{"sas", token.expiry};
}

// A verified CA of the hub vouches for a certificate whose common name is the identity.
Outcome<DeviceProof> check_chain(const HubInfo& info, const EntityKey& key,
                                 const std::vector<Certificate>& chain, ferry::Timestamp now) {
  const std::string wanted = key.module.empty() ? key.device : key.device + "/" + key.module;
  if (chain.front().subject_cn() != wanted) {
    return refuse(401002, "Unauthorized: the certificate's common name is '{}', not '{}'",
                  chain.front().subject_cn(), wanted);
  }
  std::vector<Certificate> anchors;
  for (const CaCertificate& known : info.certificates) {
    if (!known.verified) continue;
    if (auto anchor = Certificate::parse(known.pem)) anchors.push_back(*std::move(anchor));
  }
  const std::vector<Certificate> intermediates(chain.begin() + 1, chain.end());
  const auto verified = ferry::x509::verify_chain(chain.front(), intermediates, anchors, now);
  if (!verified) return refuse(401002, "Unauthorized: {}", verified.error().message);
  return DeviceProof{"x509", std::nullopt};
}

Outcome<DeviceProof> check_certificate(const HubInfo& info, const Entity& entity,
                                       const ferry::net::PeerInfo& peer, ferry::Timestamp now) {
  const Identity& identity = entity.identity;
  if (peer.certificate_chain.empty()) {
    return refuse(401002, "Unauthorized: neither a token nor a client certificate was given");
  }
  std::vector<Certificate> chain;
  for (const std::string& pem : peer.certificate_chain) {
    auto certificate = Certificate::from_pem(pem);
    if (!certificate) return refuse(401002, "Unauthorized: a client certificate cannot be read");
    chain.push_back(*std::move(certificate));
  }
  if (identity.authentication == Authentication::certificate_authority) {
    return check_chain(info, identity.key, chain, now);
  }
  const Certificate& leaf = chain.front();
  if (!thumbprint_matches(identity, leaf.sha1_thumbprint(), leaf.sha256_thumbprint())) {
    return refuse(401002,
                  "Unauthorized: the certificate's thumbprint is not registered for {} "
                  "(SHA1Hash: {}, SHA2Hash: {})",
                  identity.key.device, leaf.sha1_thumbprint(), leaf.sha256_thumbprint());
  }
  return DeviceProof{"x509", std::nullopt};
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() < kScheme.size() ||
      !ferry::equals_ignore_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  return ferry::trim(authorization.substr(kScheme.size()));
}

Outcome<void> check_roles(const HubInfo& hub, std::string_view jwt, const Need& need,
                          const EntraAccess& entra) {
  static const std::vector<std::string> kAudiences = {
      "https://iothubs.azure.net", "https://iothubs.azure.us", "https://iothubs.azure.cn"};
  const auto identity =
      entra.verifier ? entra.verifier->verify(jwt, kAudiences) : std::optional<TokenIdentity>();
  if (!identity) {
    return refuse(401002,
                  "Unauthorized: the bearer token is not valid, or not for {}: ask for the scope "
                  "{}/.default",
                  kAudiences.front(), kAudiences.front());
  }
  const std::string action = fmt::format("Microsoft.Devices/IotHubs/{}", need.data_action);
  if (!entra.directory || need.data_action.empty() ||
      !entra.directory->grants_data_action(identity->object_id, hub.id, action)) {
    return refuse(403000, "Forbidden: no role of {} grants the data action {} on {}",
                  identity->object_id, action, hub.id);
  }
  return {};
}

}  // namespace

bool is_for_service(std::string_view authorization) {
  if (bearer_token(authorization)) return true;
  const auto token = parse_sas(authorization);
  return token && !token->policy.empty();
}

Outcome<void> authorize_service(const HubInfo& hub, std::string_view authorization,
                                std::string_view path, const Need& need, const EntraAccess& entra,
                                ferry::Timestamp now) {
  if (const auto jwt = bearer_token(authorization)) return check_roles(hub, *jwt, need, entra);
  const auto token = parse_sas(authorization);
  if (!token) return refuse(401002, "Unauthorized: {}", token.error().message);
  const std::string resource = hub.host_name + ferry::percent_decode(path);
  return check_policy(hub, *token, resource, need.rights, now);
}

Outcome<DeviceProof> authenticate_device(const HubInfo& info, Hub& hub, const EntityKey& key,
                                         std::string_view sas, const ferry::net::PeerInfo& peer) {
  const Device* device = hub.find_device(key.device);
  const Entity* entity = hub.find(key);
  if (!device || !entity) {
    return refuse(401002, "Unauthorized: {} is not registered", resource_of(info, key));
  }
  if (!device->self.identity.enabled) {
    return refuse(403012, "the device {} is disabled", key.device);
  }
  if (sas.empty()) return check_certificate(info, *entity, peer, hub.now());
  const auto token = parse_sas(sas);
  if (!token) return refuse(401002, "Unauthorized: {}", token.error().message);
  if (token->policy.empty()) return check_own_key(info, *entity, *token, hub.now());
  const auto allowed =
      check_policy(info, *token, resource_of(info, key), kDeviceConnect, hub.now());
  if (!allowed) return refuse(allowed.error());
  return DeviceProof{"sas", token->expiry};
}

}  // namespace drydock::iot_hub
