// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_packet.hpp"
#include "net/mqtt_text.hpp"

namespace ferry::net::mqtt {
namespace {

// Length of the well-formed sequence that `text` begins with; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first == 0 ? 0 : 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(index) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;  // over-long
  if (first == 0xED && second > 0x9F) return 0;  // surrogates
  if (first == 0xF0 && second < 0x90) return 0;  // over-long
  if (first == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
  return length;
}

// Cuts the first level off; false when nothing is left behind it.
bool next_level(std::string_view& rest, std::string_view& level) {
  const std::size_t slash = rest.find('/');
  level = rest.substr(0, slash);
  if (slash == std::string_view::npos) return false;
  rest.remove_prefix(slash + 1);
  return true;
}

}  // namespace

bool is_valid_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_valid_topic_name(std::string_view topic) {
  return !topic.empty() && topic.size() <= kLargestString &&
         topic.find_first_of("+#") == std::string_view::npos && is_valid_text(topic);
}

bool is_valid_topic_filter(std::string_view filter) {
  if (filter.empty() || filter.size() > kLargestString || !is_valid_text(filter)) return false;
  std::string_view level;
  bool more = true;
  while (more) {
    more = next_level(filter, level);
    if (level.find_first_of("+#") == std::string_view::npos) continue;
    if (level.size() != 1) return false;  // [MQTT-4.7.1-2], [MQTT-4.7.1-3]
    if (level == "#" && more) return false;
  }
  return true;
}

bool topic_matches(std::string_view filter, std::string_view topic) {
  const bool wildcard_first = filter.starts_with('+') || filter.starts_with('#');
  if (wildcard_first && topic.starts_with('$')) return false;  // [MQTT-4.7.2-1]
  std::string_view wanted;
  std::string_view level;
  while (true) {
    const bool more_wanted = next_level(filter, wanted);
    if (wanted == "#") return true;
    const bool more_levels = next_level(topic, level);
    if (wanted != "+" && wanted != level) return false;
    if (!more_wanted && !more_levels) return true;
    if (!more_levels) return filter == "#";  // "a/#" matches "a" too
    if (!more_wanted) return false;
  }
}

}  // namespace ferry::net::mqtt
