// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/authorization.hpp"

#include "base/encoding.hpp"
#include "drydock/iot_hub/sas.hpp"
#include "x509/certificate.hpp"

namespace drydock::iot_hub {
namespace {

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

Outcome<DeviceProof> check_certificate(const Entity& entity, const ferry::net::PeerInfo& peer) {
  const Identity& identity = entity.identity;
  if (peer.certificate_chain.empty()) {
    return refuse(401002, "Unauthorized: neither a token nor a client certificate was given");
  }
  const auto leaf = ferry::x509::Certificate::from_pem(peer.certificate_chain.front());
  if (!leaf) return refuse(401002, "Unauthorized: the client certificate cannot be read");
  if (!thumbprint_matches(identity, leaf->sha1_thumbprint(), leaf->sha256_thumbprint())) {
    return refuse(401002,
                  "Unauthorized: the certificate's thumbprint is not registered for {} "
                  "(SHA1Hash: {}, SHA2Hash: {})",
                  identity.key.device, leaf->sha1_thumbprint(), leaf->sha256_thumbprint());
  }
  return DeviceProof{"x509", std::nullopt};
}

}  // namespace

bool names_policy(std::string_view authorization) {
  const auto token = parse_sas(authorization);
  return token && !token->policy.empty();
}

Outcome<void> authorize_service(const HubInfo& hub, std::string_view authorization, unsigned wanted,
                                ferry::Timestamp now) {
  const auto token = parse_sas(authorization);
  if (!token) return refuse(401002, "Unauthorized: {}", token.error().message);
  return check_policy(hub, *token, hub.host_name, wanted, now);
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
  if (sas.empty()) return check_certificate(*entity, peer);
  const auto token = parse_sas(sas);
  if (!token) return refuse(401002, "Unauthorized: {}", token.error().message);
  if (token->policy.empty()) return check_own_key(info, *entity, *token, hub.now());
  const auto allowed =
      check_policy(info, *token, resource_of(info, key), kDeviceConnect, hub.now());
  if (!allowed) return refuse(allowed.error());
  return DeviceProof{"sas", token->expiry};
}

}  // namespace drydock::iot_hub
