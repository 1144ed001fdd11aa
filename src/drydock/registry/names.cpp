// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/names.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock::registry {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool valid_component(std::string_view part) {
  if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) {
    return false;
  }
  for (std::size_t i = 0; i < part.size();) {
    if (is_lower_or_digit(part[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (!is_lower_or_digit(part[end])) ++end;
    const std::string_view separator = part.substr(i, end - i);
    const bool hyphens = separator.find_first_not_of('-') == std::string_view::npos;
    if (!hyphens && separator != "." && separator != "_" && separator != "__") return false;
    i = end;
  }
  return true;
}

}  // namespace

bool valid_repository(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  const auto parts = ferry::split(name, '/');
  return std::all_of(parts.begin(), parts.end(),
                     [](const std::string& part) { return valid_component(part); });
}

bool valid_tag(std::string_view tag) {
  const auto word = [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !tag.empty() && tag.size() <= 128 && word(tag.front()) &&
         std::all_of(tag.begin(), tag.end(),
                     [&](char c) { return word(c) || c == '.' || c == '-'; });
}

bool valid_digest(std::string_view digest) {
  constexpr std::string_view kPrefix = "sha256:";
  return digest.size() == kPrefix.size() + 64 && digest.starts_with(kPrefix) &&
         std::all_of(digest.begin() + kPrefix.size(), digest.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string digest_of(std::string_view bytes) {
  return "sha256:" + ferry::hex_encode(ferry::sha256(bytes));
}

Outcome<Route> parse_route(std::string_view path) {
  const auto unknown = [] { return refuse(404, "NAME_UNKNOWN", "there is nothing at this path"); };
  const std::string decoded = ferry::percent_decode(path);
  if (decoded == "/v2" || decoded == "/v2/") return Route{};
  if (decoded == "/v2/_catalog") return Route{Endpoint::catalog, "", ""};
  if (!decoded.starts_with("/v2/")) return unknown();
  std::vector<std::string> parts = ferry::split(std::string_view(decoded).substr(4), '/');
  const auto from_right = [&](std::size_t i) -> std::string_view {
    return i < parts.size() ? std::string_view(parts[parts.size() - 1 - i]) : std::string_view();
  };
  Route route;
  std::size_t used = 2;
  if (from_right(2) == "blobs" && from_right(1) == "uploads") {
    route.endpoint = from_right(0).empty() ? Endpoint::upload_start : Endpoint::upload;
    used = 3;
  } else if (from_right(1) == "blobs" && from_right(0) == "uploads") {
    route.endpoint = Endpoint::upload_start;
  } else if (from_right(1) == "blobs") {
    route.endpoint = Endpoint::blob;
  } else if (from_right(1) == "manifests") {
    route.endpoint = Endpoint::manifest;
  } else if (from_right(1) == "tags" && from_right(0) == "list") {
    route.endpoint = Endpoint::tags;
  } else if (from_right(1) == "referrers") {
    route.endpoint = Endpoint::referrers;
  } else {
    return unknown();
  }
  if (route.endpoint != Endpoint::upload_start) route.reference = from_right(0);
  if (parts.size() <= used) return unknown();
  for (std::size_t i = 0; i < parts.size() - used; ++i) {
    route.repository += (i == 0 ? "" : "/") + parts[i];
  }
  if (!valid_repository(route.repository)) {
    return refuse(400, "NAME_INVALID", "invalid repository name");
  }
  const bool by_digest = route.endpoint == Endpoint::blob || route.endpoint == Endpoint::referrers;
  const bool reference_ok = by_digest
                                ? valid_digest(route.reference)
                                : route.endpoint != Endpoint::manifest ||
                                      valid_digest(route.reference) || valid_tag(route.reference);
  if (!reference_ok && (by_digest || route.reference.find(':') != std::string::npos)) {
    return refuse(400, "DIGEST_INVALID", "the digest is malformed or its algorithm not supported");
  }
  if (!reference_ok) return refuse(400, "TAG_INVALID", "invalid tag");
  return route;
}

}  // namespace drydock::registry
