// SPDX-License-Identifier: Apache-2.0
// Server-sent events (WHATWG HTML s.9.2.6) out of bytes as they come, in pieces of any size.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace ferry::cli {

// Events whose data is JSON; comments and fields other than `event` and `data` are skipped.
class EventReader {
 public:
  using OnEvent = std::function<Result<void>(std::string name, json::value data)>;
  explicit EventReader(OnEvent on_event) : on_event_(std::move(on_event)) {}
  // Code::unavailable for data that is not JSON, or an event without end.
  Result<void> take(std::string_view bytes);

 private:
  Result<void> take_line(std::string_view line);

  OnEvent on_event_;
  std::string unread_;
  std::string name_;
  std::string data_;
};

}  // namespace ferry::cli
