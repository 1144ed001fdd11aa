// SPDX-License-Identifier: Apache-2.0
#include "fleet/twin_size.hpp"

#include <algorithm>

namespace ferry::fleet {

std::int64_t twin_text_size(std::string_view text) {
  std::int64_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) continue;  // C0 and DEL
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      ++i;  // C1: U+0080 to U+009F
      continue;
    }
    ++size;
  }
  return size;
}

std::int64_t twin_size(const json::value& value) {
  constexpr std::int64_t kNumber = 8;
  constexpr std::int64_t kBoolean = 4;
  std::int64_t size = 0;
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) size += twin_text_size(name) + twin_size(member);
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array) size += twin_size(item);
  } else if (const auto* text = value.if_string()) {
    size = twin_text_size(*text);
  } else if (value.is_bool()) {
    size = kBoolean;
  } else if (value.is_number()) {
    size = kNumber;
  }
  return size;
}

void check_twin_value(const json::value& value, const std::string& place,
                      std::vector<std::string>& problems, std::size_t depth) {
  if (const auto* object = value.if_object()) {
    if (depth > kTwinDepth) {
      problems.push_back(fmt::format("{} lies deeper than {} objects", place, kTwinDepth));
      return;
    }
    for (const auto& [name, member] : *object) {
      const std::string inner = place + "." + std::string(name);
      const bool bad =
          name.empty() || std::any_of(name.begin(), name.end(), [](char c) {
            return static_cast<unsigned char>(c) <= 0x20 || c == '.' || c == '$' || c == 0x7f;
          });
      if (bad || static_cast<std::int64_t>(name.size()) > kTwinKeyLimit) {
        problems.push_back(fmt::format("{} has a name that a twin cannot hold", inner));
      }
      check_twin_value(member, inner, problems, depth + 1);
    }
  } else if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      check_twin_value((*array)[i], fmt::format("{}[{}]", place, i), problems, depth + 1);
    }
  } else if (const auto* text = value.if_string()) {
    if (static_cast<std::int64_t>(text->size()) > kTwinValueLimit) {
      problems.push_back(fmt::format("{} has {} bytes; a value may have {} at most", place,
                                     text->size(), kTwinValueLimit));
    }
  } else if (value.is_int64() || value.is_uint64()) {
    const bool small = value.is_int64() && value.get_int64() >= -kTwinLargestInteger - 1 &&
                       value.get_int64() <= kTwinLargestInteger;
    if (!small) problems.push_back(fmt::format("{} is a larger number than a twin holds", place));
  }
}

}  // namespace ferry::fleet
