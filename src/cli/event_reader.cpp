// SPDX-License-Identifier: Apache-2.0
#include "cli/event_reader.hpp"

#include "base/encoding.hpp"

namespace ferry::cli {
namespace {

constexpr std::size_t kLongest = 16 << 20;

// What stands behind "field:", with one blank less.
std::string_view value_of(std::string_view line, std::string_view field) {
  line.remove_prefix(field.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

}  // namespace

Result<void> EventReader::take(std::string_view bytes) {
  unread_ += bytes;
  std::size_t begin = 0;
  for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n', begin)) {
    std::string_view line(unread_.data() + begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin = end + 1;
    auto taken = take_line(line);
    if (!taken) return taken;
  }
  unread_.erase(0, begin);
  if (unread_.size() + data_.size() > kLongest) {
    return fail(Code::unavailable, "the server sends an event without end");
  }
  return {};
}

Result<void> EventReader::take_line(std::string_view line) {
  if (line.starts_with("event:")) name_ = value_of(line, "event:");
  if (line.starts_with("data:")) {
    if (!data_.empty()) data_ += '\n';
    data_ += value_of(line, "data:");
  }
  if (!line.empty()) return {};
  std::string name = std::move(name_);
  const std::string data = std::move(data_);
  name_.clear();
  data_.clear();
  if (data.empty()) return {};
  auto value = parse_json(data);
  if (!value) return fail(Code::unavailable, "the server sends an event that is not JSON");
  return on_event_(std::move(name), *std::move(value));
}

}  // namespace ferry::cli
