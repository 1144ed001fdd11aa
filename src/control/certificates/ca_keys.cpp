// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/ca_keys.hpp"

namespace ferry::control {
namespace {

Result<Secret> sealed_key(const Context& context, const std::string& id) {
  auto pem = context.store.secrets.get(id, secret_names::kCaKey);
  if (!pem) return fail(std::move(pem).error());
  if (!*pem) return fail(Code::conflict, "the private key of {} is not here", id);
  return **std::move(pem);
}

}  // namespace

Result<void> keep_ca_key(Context& context, const std::string& id, const x509::PrivateKey& key) {
  return context.store.secrets.put(id, secret_names::kCaKey, key.to_pem());
}

Result<std::shared_ptr<const x509::Signer>> open_signer(const Context& context,
                                                        const std::string& id) {
  auto pem = sealed_key(context, id);
  if (!pem) return fail(std::move(pem).error());
  auto key = x509::PrivateKey::from_pem(*pem);
  if (!key) return fail(std::move(key).error());
  return std::make_shared<const x509::KeySigner>(*std::move(key));
}

Result<void> move_ca_key(Context& context, const std::string& from, const std::string& to) {
  auto pem = sealed_key(context, from);
  if (!pem) return fail(std::move(pem).error());
  auto kept = context.store.secrets.put(to, secret_names::kCaKey, *pem);
  if (!kept) return kept;
  return forget_ca_key(context, from);
}

Result<void> forget_ca_key(Context& context, const std::string& id) {
  context.open_authorities.erase(id);
  return context.store.secrets.remove_all(id);
}

Result<void> forget_authorities(Context& context, const std::string& owner) {
  auto authorities = context.store.certificates.list_authorities(owner);
  if (!authorities) return fail(std::move(authorities).error());
  for (const auto& authority : *authorities) {
    auto forgotten = forget_ca_key(context, authority.id);
    if (!forgotten) return forgotten;
  }
  auto request = context.store.certificate_requests.find(owner);
  if (!request) return fail(std::move(request).error());
  if (*request) {
    auto forgotten = forget_ca_key(context, (*request)->id);
    if (!forgotten) return forgotten;
    auto removed = context.store.certificate_requests.remove(owner);
    if (!removed) return removed;
  }
  auto rollovers = context.store.rollovers.remove(owner);
  if (!rollovers) return rollovers;
  auto policy = context.store.certificate_policies.remove(owner);
  if (!policy) return policy;
  return context.store.certificates.remove(owner);
}

}  // namespace ferry::control
