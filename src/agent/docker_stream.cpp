// SPDX-License-Identifier: Apache-2.0
#include "agent/docker_stream.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace ferry::agent {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kLongestLine = 64 * 1024;

bool is_frame_header(std::string_view header) {
  return header[0] >= 0 && header[0] <= 2 && header[1] == 0 && header[2] == 0 && header[3] == 0;
}

std::size_t frame_length(std::string_view header) {
  std::size_t length = 0;
  for (std::size_t i = 4; i < kHeaderSize; ++i) {
    length = length << 8 | static_cast<unsigned char>(header[i]);
  }
  return length;
}

}  // namespace

void LogDemux::keep(std::string_view bytes) {
  const std::size_t room = limit_ - std::min(limit_, text_.size());
  if (bytes.size() > room) overflowed_ = true;
  text_ += bytes.substr(0, room);
}

void LogDemux::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (raw_) return keep(bytes);
    if (remaining_ > 0) {
      const std::size_t size = std::min(remaining_, bytes.size());
      keep(bytes.substr(0, size));
      bytes.remove_prefix(size);
      remaining_ -= size;
      continue;
    }
    const std::size_t size = std::min(kHeaderSize - header_.size(), bytes.size());
    header_ += bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (header_.size() < kHeaderSize) return;
    if (is_frame_header(header_)) {
      remaining_ = frame_length(header_);
    } else {
      raw_ = true;
      keep(header_);
    }
    header_.clear();
  }
}

void PullProgress::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > kLongestLine) {
      error_ = "the engine sent an endless line of progress";
      line_.clear();
    }
    if (end == std::string_view::npos) return;
    take_line(line_);
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void PullProgress::take_line(std::string_view line) {
  line = trim(line);
  if (line.empty()) return;
  const auto object = parse_json_object(line);
  if (!object) {
    error_ = "the engine's progress is not JSON";
    return;
  }
  if (const auto error = optional_string(*object, "error")) error_ = *error;
  if (const auto* detail = find_object(*object, "errorDetail"); detail && error_.empty()) {
    error_ = string_or(*detail, "message", "unknown error");
  }
  const auto id = optional_string(*object, "id");
  const auto* progress = find_object(*object, "progressDetail");
  // "Extracting" counts the same bytes once more.
  if (!id || !progress || string_or(*object, "status", "") != "Downloading") return;
  Layer& layer = layers_[*id];
  layer.done =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, int_or(*progress, "current", 0)));
  layer.total =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, int_or(*progress, "total", 0)));
}

Result<void> PullProgress::finish() {
  if (!line_.empty()) {
    take_line(line_);
    line_.clear();
  }
  if (error_.empty()) return {};
  return fail(Code::unavailable, "{}", error_);
}

std::uint64_t PullProgress::bytes_done() const {
  std::uint64_t sum = 0;
  for (const auto& [id, layer] : layers_) sum += layer.done;
  return sum;
}

std::uint64_t PullProgress::bytes_total() const {
  std::uint64_t sum = 0;
  for (const auto& [id, layer] : layers_) sum += layer.total;
  return sum;
}

}  // namespace ferry::agent
