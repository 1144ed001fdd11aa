// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/twin.hpp"

#include "base/encoding.hpp"

namespace drydock::iot_hub {
namespace {

constexpr std::int64_t kSmallestInteger = -4503599627370496;
constexpr std::int64_t kLargestInteger = 4503599627370495;
constexpr int kDepth = 10;
constexpr std::size_t kLongestKey = 1024;
constexpr std::size_t kLongestString = 4096;

// Bytes of control characters: C0 and, in UTF-8 behind 0xC2, C1.
std::size_t count_controls(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20) {
      ++count;
    } else if (byte == 0xC2 && at + 1 < text.size() &&
               static_cast<unsigned char>(text[at + 1]) < 0xA0) {
      count += 2;
      ++at;
    }
  }
  return count;
}

std::size_t size_of(std::string_view text) {
  return text.size() - count_controls(text);
}

// The hub's own measure: keys and strings by their length, numbers 8, booleans 4.
std::size_t size_of(const json::value& value) {
  constexpr std::size_t kNumberSize = 8;
  constexpr std::size_t kBooleanSize = 4;
  std::size_t size = 0;
  if (const auto* object = value.if_object()) {
    for (const auto& [key, child] : *object)
      size += size_of(std::string_view(key)) + size_of(child);
  } else if (const auto* array = value.if_array()) {
    for (const json::value& element : *array) size += size_of(element);
  } else if (const auto* text = value.if_string()) {
    size = size_of(std::string_view(*text));
  } else if (value.is_number()) {
    size = kNumberSize;
  } else if (value.is_bool()) {
    size = kBooleanSize;
  }
  return size;
}

Outcome<void> validate_key(std::string_view key) {
  if (key.empty() || key.size() > kLongestKey) {
    return refuse(400004, "a property name has 1 to 1024 bytes");
  }
  const bool has_control = count_controls(key) > 0;
  if (has_control || key.find_first_of(".$ ") != std::string_view::npos) {
    return refuse(400004, "the property name '{}' has a control character, '.', '$' or blank",
                  has_control ? std::string_view("?") : key);
  }
  return {};
}

Outcome<void> validate_value(const json::value& value, int depth) {
  if (depth > kDepth && value.is_structured()) {
    return refuse(400004, "twin properties are nested deeper than {}", kDepth);
  }
  if (const auto* object = value.if_object()) {
    for (const auto& [key, child] : *object) {
      auto valid = validate_key(key);
      if (valid) valid = validate_value(child, depth + 1);
      if (!valid) return valid;
    }
  } else if (const auto* array = value.if_array()) {
    for (const json::value& element : *array) {
      if (auto valid = validate_value(element, depth + 1); !valid) return valid;
    }
  } else if (const auto* text = value.if_string()) {
    if (text->size() > kLongestString) {
      return refuse(400004, "Property or Tag value should be maximum 4096 bytes");
    }
  } else if (const auto* number = value.if_int64()) {
    if (*number < kSmallestInteger || *number > kLargestInteger) {
      return refuse(400004, "the number {} is outside of -2^52 to 2^52-1", *number);
    }
  } else if (value.is_uint64()) {
    return refuse(400004, "the number {} is outside of -2^52 to 2^52-1", value.get_uint64());
  }
  return {};
}

void stamp(json::object& metadata, const json::object& patch, const std::string& now,
           std::int64_t version) {
  metadata["$lastUpdated"] = now;
  metadata["$lastUpdatedVersion"] = version;
  for (const auto& [key, value] : patch) {
    if (value.is_null()) {
      metadata.erase(key);
      continue;
    }
    json::value& child = metadata[key];
    if (!child.is_object()) child = json::object();
    json::object& inside = child.get_object();
    if (const auto* object = value.if_object()) {
      stamp(inside, *object, now, version);
    } else {
      inside = json::object{{"$lastUpdated", now}, {"$lastUpdatedVersion", version}};
    }
  }
}

json::object section_to_storage(const Section& section) {
  return {{"values", section.values}, {"metadata", section.metadata}, {"version", section.version}};
}

Section section_from_storage(const json::object& stored) {
  Section section;
  if (const auto* values = ferry::find_object(stored, "values")) section.values = *values;
  if (const auto* metadata = ferry::find_object(stored, "metadata")) section.metadata = *metadata;
  section.version = ferry::int_or(stored, "version", 1);
  return section;
}

}  // namespace

Twin new_twin(ferry::Timestamp now) {
  Twin twin;
  twin.desired.metadata["$lastUpdated"] = ferry::format_rfc3339(now);
  twin.reported.metadata["$lastUpdated"] = ferry::format_rfc3339(now);
  return twin;
}

json::object merge_patch(const json::object& target, const json::object& patch) {
  json::object result = target;
  for (const auto& [key, value] : patch) {
    if (value.is_null()) {
      result.erase(key);
    } else if (const auto* inner = value.if_object()) {
      const json::object* before = ferry::find_object(result, key);
      result[key] = merge_patch(before ? *before : json::object(), *inner);
    } else {
      result[key] = value;
    }
  }
  return result;
}

json::object difference(const json::object& from, const json::object& to) {
  json::object patch;
  for (const auto& [key, value] : from) {
    if (!to.contains(key)) patch[key] = nullptr;
  }
  for (const auto& [key, value] : to) {
    const json::value* before = from.if_contains(key);
    if (before && *before == value) continue;
    if (before && before->is_object() && value.is_object()) {
      patch[key] = difference(before->get_object(), value.get_object());
    } else {
      patch[key] = value;
    }
  }
  return patch;
}

json::object without_nulls(const json::object& values) {
  return merge_patch({}, values);
}

json::object without_meta(json::object values) {
  values.erase("$version");
  values.erase("$metadata");
  return values;
}

Outcome<void> validate_values(const json::object& values) {
  return validate_value(values, 0);
}

Outcome<void> validate_size(const json::object& values, std::size_t limit, std::string_view name) {
  const std::size_t size = size_of(values);
  if (size > limit) {
    return refuse(403100, "{} would have {} bytes, the limit is {}", name, size, limit);
  }
  return {};
}

void apply_patch(Section& section, const json::object& patch, ferry::Timestamp now) {
  section.values = merge_patch(section.values, patch);
  ++section.version;
  stamp(section.metadata, patch, ferry::format_rfc3339(now), section.version);
}

json::object section_with_version(const Section& section) {
  json::object result = section.values;
  result["$version"] = section.version;
  return result;
}

json::object section_with_metadata(const Section& section) {
  json::object result = section.values;
  result["$metadata"] = section.metadata;
  result["$version"] = section.version;
  return result;
}

json::object to_storage(const Twin& twin) {
  json::object marks;
  for (const auto& [id, status] : twin.configurations) marks[id] = status;
  return {{"tags", twin.tags},
          {"desired", section_to_storage(twin.desired)},
          {"reported", section_to_storage(twin.reported)},
          {"version", twin.version},
          {"etag", twin.etag},
          {"configurations", std::move(marks)}};
}

Twin twin_from_storage(const json::object& stored) {
  Twin twin;
  if (const auto* tags = ferry::find_object(stored, "tags")) twin.tags = *tags;
  if (const auto* desired = ferry::find_object(stored, "desired")) {
    twin.desired = section_from_storage(*desired);
  }
  if (const auto* reported = ferry::find_object(stored, "reported")) {
    twin.reported = section_from_storage(*reported);
  }
  twin.version = ferry::int_or(stored, "version", 2);
  twin.etag = ferry::int_or(stored, "etag", 1);
  if (const auto* marks = ferry::find_object(stored, "configurations")) {
    for (const auto& [id, status] : *marks) {
      if (status.is_string()) twin.configurations[id] = status.get_string();
    }
  }
  return twin;
}

std::string twin_etag(std::int64_t counter) {
  std::string bytes(8, '\0');
  for (std::size_t index = 0; index < 8; ++index) {
    bytes[7 - index] = static_cast<char>(counter >> (8 * index) & 0xFF);
  }
  return ferry::base64_encode(bytes);
}

}  // namespace drydock::iot_hub
