// SPDX-License-Identifier: Apache-2.0
// A root -> workspace -> group -> node hierarchy, as the fleet uses it.
#pragma once

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "x509/authority.hpp"

namespace ferry::x509::test {

inline constexpr auto kYear = std::chrono::hours(24 * 365);
inline const Timestamp kNow = from_unix_seconds(1'800'000'000);

inline CertificateProfile ca_profile(std::string name, std::optional<int> path_length) {
  CertificateProfile profile;
  profile.common_name = std::move(name);
  profile.organization = "Harbour";
  profile.not_before = kNow - std::chrono::minutes(5);
  profile.not_after = kNow + kYear;
  profile.ca = true;
  profile.path_length = path_length;
  return profile;
}

inline CertificateProfile leaf_profile(std::string name) {
  CertificateProfile profile;
  profile.common_name = std::move(name);
  profile.not_before = kNow - std::chrono::minutes(5);
  profile.not_after = kNow + std::chrono::hours(24);
  profile.client_auth = true;
  return profile;
}

template <class T>
T must(Result<T> result) {
  if (!result) ADD_FAILURE() << result.error().describe();
  return std::move(result).value();
}

struct Hierarchy {
  PrivateKey root_key = PrivateKey::generate();
  PrivateKey workspace_key = PrivateKey::generate();
  PrivateKey group_key = PrivateKey::generate();
  PrivateKey node_key = PrivateKey::generate();
  Certificate root = must(issue_self_signed(root_key, ca_profile("root", 2)));
  Certificate workspace = must(
      issue(root, KeySigner(root_key), workspace_key.public_key(), ca_profile("workspace", 1)));
  Certificate group = must(
      issue(workspace, KeySigner(workspace_key), group_key.public_key(), ca_profile("group", 0)));
  Certificate node =
      must(issue(group, KeySigner(group_key), node_key.public_key(), leaf_profile("node-1")));
};

}  // namespace ferry::x509::test
