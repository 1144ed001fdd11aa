// SPDX-License-Identifier: Apache-2.0
// What certificates are like: kinds of keys and the life of a node's. Set for an organization, a
// workspace or a group; what a level leaves open is as the level above has it.
#pragma once

#include <string>
#include <vector>

#include "control/context.hpp"
#include "x509/keys.hpp"

namespace ferry::control {

struct EffectivePolicy {
  x509::KeyType ca_key = x509::KeyType::ec_p256;
  std::vector<x509::KeyType> node_keys = {x509::KeyType::ec_p256, x509::KeyType::ec_p384,
                                          x509::KeyType::rsa_2048, x509::KeyType::rsa_3072,
                                          x509::KeyType::rsa_4096};
  std::int64_t node_days = 365;
};

// `owners`: ids from the nearest level to the organization.
Result<EffectivePolicy> effective_policy(const Context& context,
                                         const std::vector<std::string>& owners);

// Whether a node may have a certificate for this key. Code::invalid_argument says what is wrong
// with it and which kinds are taken.
Result<void> check_node_key(const EffectivePolicy& policy, const x509::PublicKey& key);

std::string format_key_types(const std::vector<x509::KeyType>& types);  // "ec-p256 rsa-2048"
Result<std::vector<x509::KeyType>> parse_key_types(std::string_view text);

}  // namespace ferry::control
