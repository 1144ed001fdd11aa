// SPDX-License-Identifier: Apache-2.0
// The two streams that the Docker Engine answers with: multiplexed logs and pull progress. Both are
// fed in pieces of any size.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry::agent {

// "Stream format" of the attach call: an 8-byte header {1 stdout | 2 stderr, 0, 0, 0, big-endian
// length} before each frame. Containers with a TTY send raw bytes instead, which is seen at the
// first header.
class LogDemux {
 public:
  // Stops keeping text at `limit` bytes; overflowed() then says that there was more.
  explicit LogDemux(std::size_t limit) : limit_(limit) {}
  void feed(std::string_view bytes);
  // What came so far, stdout and stderr in the order of arrival. A frame cut short keeps what came
  // of it.
  const std::string& text() const { return text_; }
  bool overflowed() const { return overflowed_; }

 private:
  void keep(std::string_view bytes);
  std::size_t limit_;
  std::string text_;
  std::string header_;         // of the next frame, while incomplete
  std::size_t remaining_ = 0;  // bytes of the current frame still to come
  bool raw_ = false;
  bool overflowed_ = false;
};

// One JSON object per line: {"status","id","progressDetail":{"current","total"}} or {"error"}. The
// HTTP status is 200 even when the pull fails, so the verdict is in here.
class PullProgress {
 public:
  void feed(std::string_view bytes);
  // The error that the engine wrote, if it did, or that the stream ended in the middle of a line.
  Result<void> finish();
  std::uint64_t bytes_done() const;
  std::uint64_t bytes_total() const;

 private:
  void take_line(std::string_view line);
  struct Layer {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  std::string line_;
  std::map<std::string, Layer, std::less<>> layers_;
  std::string error_;
};

}  // namespace ferry::agent
