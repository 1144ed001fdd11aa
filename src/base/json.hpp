// SPDX-License-Identifier: Apache-2.0
// Reading JSON that somebody else wrote: every access says which member is wrong instead of
// throwing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.hpp"

namespace ferry {

namespace json = boost::json;

// Depth is limited to 64. The error names line-free position and reason.
Result<json::value> parse_json(std::string_view text);
// As parse_json, but the document must be an object.
Result<json::object> parse_json_object(std::string_view text);

// Members that must be there and have the type; the error names the member.
Result<std::string> require_string(const json::object& object, std::string_view name);
Result<std::int64_t> require_int(const json::object& object, std::string_view name);
Result<json::object> require_object(const json::object& object, std::string_view name);
Result<json::array> require_array(const json::object& object, std::string_view name);

// Members that may be absent or null; a wrong type counts as absent.
std::optional<std::string> optional_string(const json::object& object, std::string_view name);
std::optional<std::int64_t> optional_int(const json::object& object, std::string_view name);
std::optional<bool> optional_bool(const json::object& object, std::string_view name);
std::string string_or(const json::object& object, std::string_view name, std::string_view fallback);
std::int64_t int_or(const json::object& object, std::string_view name, std::int64_t fallback);
bool bool_or(const json::object& object, std::string_view name, bool fallback);

// Borrowed pointers into `value`, null when the path does not lead to such a value.
const json::value* find_path(const json::object& object, std::string_view dotted_path);
const json::value* find_path(const json::value& value, std::string_view dotted_path);
const json::object* find_object(const json::object& object, std::string_view name);
const json::array* find_array(const json::object& object, std::string_view name);

// Two-space indentation, for people and for files.
std::string pretty_json(const json::value& value);

}  // namespace ferry
