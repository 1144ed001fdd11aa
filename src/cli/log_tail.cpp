// SPDX-License-Identifier: Apache-2.0
#include "cli/log_tail.hpp"

namespace ferry::cli {

std::string new_lines(std::string_view before, std::string_view now) {
  // Only starts of lines of `before` can be where `now` begins.
  std::size_t start = 0;
  while (start < before.size()) {
    const auto known = before.substr(start);
    if (now.starts_with(known)) return std::string(now.substr(known.size()));
    const auto line_end = before.find('\n', start);
    if (line_end == std::string_view::npos) break;
    start = line_end + 1;
  }
  return std::string(now);
}

}  // namespace ferry::cli
