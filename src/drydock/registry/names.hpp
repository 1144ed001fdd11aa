// SPDX-License-Identifier: Apache-2.0
// The names of the distribution protocol, and what a request's path means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drydock/registry/refusal.hpp"

namespace drydock::registry {

bool valid_repository(std::string_view name);
bool valid_tag(std::string_view tag);
// "sha256:" and 64 lower-case hex digits; no other algorithm is served.
bool valid_digest(std::string_view digest);
std::string digest_of(std::string_view bytes);

enum class Endpoint { base, catalog, blob, upload_start, upload, manifest, tags, referrers };

struct Route {
  Endpoint endpoint = Endpoint::base;
  std::string repository;
  std::string reference;  // digest, tag or upload id
};

// `path` still percent-encoded. Repository names are recognized from the right, since they may hold
// words like "blobs" themselves.
Outcome<Route> parse_route(std::string_view path);

}  // namespace drydock::registry
