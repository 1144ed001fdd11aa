// SPDX-License-Identifier: Apache-2.0
// JSON merge patches (RFC 7396), as module twins use them: null removes, objects merge, anything
// else replaces.
#pragma once

#include <optional>

#include "base/json.hpp"

namespace ferry::agent {

// Documents hold no null: it is not a value in a twin.
void apply_merge_patch(json::object& document, const json::object& patch);

// The smallest patch that turns `from` into `to`; nothing when they are equal.
// apply_merge_patch(from, *merge_patch(from, to)) == to for documents without nulls.
std::optional<json::object> merge_patch(const json::object& from, const json::object& to);

// Without "$version", "$metadata" and other members that the hub adds at the top.
json::object without_system_members(const json::object& section);

}  // namespace ferry::agent
