// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry::oci {

// "registry.example:5000/team/app:1.0@sha256:..". The registry is always written: there is no
// default one. Without tag and digest it names the repository.
struct Reference {
  std::string registry;    // host[:port], lower case
  std::string repository;  // "team/app"
  std::string tag;
  std::string digest;

  std::string str() const;
  Reference with_tag(std::string new_tag) const;
  // Pinned: the digest alone says which image it is, so the tag goes.
  Reference pinned(std::string new_digest) const;
  // The digest, else the tag: what stands in /v2/{repository}/manifests/{...}.
  const std::string& selector() const { return digest.empty() ? tag : digest; }
  friend bool operator==(const Reference&, const Reference&) = default;
};

Result<Reference> parse_reference(std::string_view text);
bool is_repository(std::string_view text);
bool is_tag(std::string_view text);

}  // namespace ferry::oci
