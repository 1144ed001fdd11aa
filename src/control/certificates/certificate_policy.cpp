// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/certificate_policy.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace ferry::control {

Result<EffectivePolicy> effective_policy(const Context& context,
                                         const std::vector<std::string>& owners) {
  EffectivePolicy policy;
  // From the organization down, so that the nearest level has the last word.
  for (auto owner = owners.rbegin(); owner != owners.rend(); ++owner) {
    auto record = context.store.certificate_policies.find(*owner);
    if (!record) return fail(std::move(record).error());
    if (!*record) continue;
    if ((*record)->ca_key) {
      auto type = x509::parse_key_type(*(*record)->ca_key);
      if (!type) return fail(std::move(type).error());
      policy.ca_key = *type;
    }
    if ((*record)->node_keys) {
      auto types = parse_key_types(*(*record)->node_keys);
      if (!types) return fail(std::move(types).error());
      policy.node_keys = *std::move(types);
    }
    if ((*record)->node_days) policy.node_days = *(*record)->node_days;
  }
  return policy;
}

Result<void> check_node_key(const EffectivePolicy& policy, const x509::PublicKey& key) {
  const std::string taken = "keys may be " + format_key_types(policy.node_keys);
  auto type = key.type();
  if (!type) return fail(std::move(type).error().advise(taken));
  const auto& kinds = policy.node_keys;
  if (std::find(kinds.begin(), kinds.end(), *type) == kinds.end()) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("a key of the kind {} is not allowed here", to_string(*type)),
                      taken});
  }
  return key.check();
}

std::string format_key_types(const std::vector<x509::KeyType>& types) {
  std::string text;
  for (const auto type : types) {
    if (!text.empty()) text += ' ';
    text += to_string(type);
  }
  return text;
}

Result<std::vector<x509::KeyType>> parse_key_types(std::string_view text) {
  std::vector<x509::KeyType> types;
  for (const auto& word : split(text, ' ')) {
    auto type = x509::parse_key_type(word);
    if (!type) return fail(std::move(type).error());
    types.push_back(*type);
  }
  return types;
}

}  // namespace ferry::control
