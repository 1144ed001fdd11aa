// SPDX-License-Identifier: Apache-2.0
// Text forms of bytes: base64 (RFC 4648 s.4), base64url without padding (s.5), hex,
// percent-encoding (RFC 3986 s.2.1).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ferry {

std::string base64_encode(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);
Result<std::string> base64url_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);  // lower case
std::string hex_encode_upper(std::string_view bytes);
Result<std::string> hex_decode(std::string_view text);

// Leaves only the unreserved characters A-Z a-z 0-9 - . _ ~ as they are.
std::string percent_encode(std::string_view text);
// As percent_encode, but leaves '/' alone: for paths.
std::string percent_encode_path(std::string_view path);
// A '%' that is not followed by two hex digits stays as it is. '+' stays '+'.
std::string percent_decode(std::string_view text);

// "a=1&b=2" to pairs, both sides percent-decoded; '+' means blank
// (application/x-www-form-urlencoded).
using FormFields = std::vector<std::pair<std::string, std::string>>;
FormFields parse_form(std::string_view text);
std::string format_form(const FormFields& fields);

std::string to_lower(std::string_view text);  // ASCII
std::string to_upper(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

}  // namespace ferry
