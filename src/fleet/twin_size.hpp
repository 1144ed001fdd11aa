// SPDX-License-Identifier: Apache-2.0
// How IoT Hub measures a section of a twin, and what it takes ("Understand and use device twins":
// twin size, twin format). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace ferry::fleet {

inline constexpr std::int64_t kTwinSectionLimit = 32 * 1024;  // desired properties of one twin
inline constexpr std::int64_t kTwinValueLimit = 4 * 1024;     // one string
inline constexpr std::int64_t kTwinKeyLimit = 1024;
inline constexpr std::size_t kTwinDepth = 10;  // of objects in objects
inline constexpr std::int64_t kTwinLargestInteger = 4503599627370495;

// Bytes in UTF-8 without control characters (segments C0 and C1).
std::int64_t twin_text_size(std::string_view text);
// Keys and texts as above, numbers as 8 bytes, booleans as 4, objects and arrays as what they hold.
std::int64_t twin_size(const json::value& value);

// What of `value` a twin cannot hold, in words that begin with the place of it below `place`.
void check_twin_value(const json::value& value, const std::string& place,
                      std::vector<std::string>& problems, std::size_t depth = 1);

}  // namespace ferry::fleet
