// SPDX-License-Identifier: Apache-2.0
// How nodes that enrol themselves are called. A pattern has either a star for what the device may
// choose ("press-*"), or {hardware} or {number} for what Ferry puts there ("press-{number}").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry::fleet {

// Code::invalid_argument says what is wrong with it.
Result<void> check_name_pattern(std::string_view pattern);

bool names_by_itself(std::string_view pattern);    // has {hardware} or {number}
bool needs_hardware_id(std::string_view pattern);  // has {hardware}
bool counts(std::string_view pattern);             // has {number}

// Whether a device may call itself so.
bool matches_pattern(std::string_view pattern, std::string_view name);

// The name that Ferry gives. What a hardware id has that names may not have becomes a hyphen.
std::string fill_pattern(std::string_view pattern, std::string_view hardware_id,
                         std::int64_t number);

}  // namespace ferry::fleet
