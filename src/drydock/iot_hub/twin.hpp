// SPDX-License-Identifier: Apache-2.0
// Device and module twins: sections with versions and metadata, and the rules of changing them.
#pragma once

#include <map>
#include <string>

#include "drydock/iot_hub/refusal.hpp"

namespace drydock::iot_hub {

namespace json = ferry::json;

// properties.desired or properties.reported.
struct Section {
  json::object values;    // without $version and $metadata
  json::object metadata;  // $lastUpdated, $lastUpdatedVersion, and the same below each member
  std::int64_t version = 1;
};

struct Twin {
  json::object tags;
  Section desired;
  Section reported;
  std::int64_t version = 2;                           // counts all changes
  std::int64_t etag = 1;                              // counts changes of tags and desired
  std::map<std::string, std::string> configurations;  // id to "Applied" or "Targeted"
};

inline constexpr std::size_t kTagsLimit = 8 * 1024;
inline constexpr std::size_t kSectionLimit = 32 * 1024;

Twin new_twin(ferry::Timestamp now);

// JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces.
json::object merge_patch(const json::object& target, const json::object& patch);
// The smallest patch that makes `to` of `from`.
json::object difference(const json::object& from, const json::object& to);
// Without members that are null, at every depth: what a replacement stores.
json::object without_nulls(const json::object& values);
// Without $version and $metadata, which clients send back as they got them.
json::object without_meta(json::object values);

// Keys, depth, numbers and strings, whether as patch or as values. 400004.
Outcome<void> validate_values(const json::object& values);
// 403100 when the values exceed `limit` bytes as the hub counts: keys and strings in UTF-8 without
// control characters, 8 for a number, 4 for a boolean, nothing for punctuation.
Outcome<void> validate_size(const json::object& values, std::size_t limit, std::string_view name);

// Merges a valid `patch` into the section and counts the version up.
void apply_patch(Section& section, const json::object& patch, ferry::Timestamp now);

json::object section_with_version(const Section& section);   // values and $version: for devices
json::object section_with_metadata(const Section& section);  // and $metadata: for services

json::object to_storage(const Twin& twin);
Twin twin_from_storage(const json::object& stored);

std::string twin_etag(std::int64_t counter);  // base64 of 8 big-endian bytes

}  // namespace drydock::iot_hub
