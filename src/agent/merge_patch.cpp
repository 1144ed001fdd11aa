// SPDX-License-Identifier: Apache-2.0
#include "agent/merge_patch.hpp"

namespace ferry::agent {
namespace {

// A value as a patch puts it where nothing was: nulls inside say "nothing".
json::value without_nulls(const json::value& value) {
  if (!value.is_object()) return value;
  json::object clean;
  apply_merge_patch(clean, value.as_object());
  return clean;
}

}  // namespace

void apply_merge_patch(json::object& document, const json::object& patch) {
  for (const auto& [name, value] : patch) {
    if (value.is_null()) {
      document.erase(name);
    } else if (json::value* there = document.if_contains(name);
               there && there->is_object() && value.is_object()) {
      apply_merge_patch(there->as_object(), value.as_object());
    } else {
      document[name] = without_nulls(value);
    }
  }
}

std::optional<json::object> merge_patch(const json::object& from, const json::object& to) {
  json::object patch;
  for (const auto& [name, value] : from) {
    if (!to.contains(name)) patch[name] = nullptr;
  }
  for (const auto& [name, value] : to) {
    const json::value* old = from.if_contains(name);
    if (old && *old == value) continue;
    if (old && old->is_object() && value.is_object()) {
      if (auto inner = merge_patch(old->as_object(), value.as_object())) {
        patch[name] = *std::move(inner);
      }
    } else {
      patch[name] = value;
    }
  }
  if (patch.empty()) return std::nullopt;
  return patch;
}

json::object without_system_members(const json::object& section) {
  json::object clean;
  for (const auto& [name, value] : section) {
    if (!name.starts_with('$')) clean[name] = value;
  }
  return clean;
}

}  // namespace ferry::agent
