// SPDX-License-Identifier: Apache-2.0
// Long operations of the server, shown live on standard error.
#pragma once

#include <algorithm>
#include <set>

#include "cli/context.hpp"

namespace ferry::cli {

// Turns the successive states of one operation into what to write: each finished step once, with a
// tick or a cross and its seconds; on a terminal also a line, rewritten in place, for each step
// that runs now or waits for its next attempt.
class ProgressView {
 public:
  // `width` in columns; 0: not known.
  ProgressView(bool live, bool colours, std::size_t width = 0)
      : live_(live),
        colours_(colours),
        width_(width == 0 ? 80 : std::max<std::size_t>(width, 20)) {}
  std::string update(const json::object& operation, Timestamp now);
  std::string finish();  // takes the live lines away

 private:
  bool live_;
  bool colours_;
  std::size_t width_;
  std::size_t lines_shown_ = 0;
  std::size_t turn_ = 0;
  std::set<std::size_t> done_;
};

// Follows the operation (with an "id") to its end and returns its last state; its failure is an
// Error. Ctrl-C stops the watching, not the operation: Code::cancelled, with how to look at it
// again.
net::Task<Result<json::object>> follow_operation(Context& context, json::object operation);

// For answers such as {"workspace": {...}, "operation": {...}}: follows the operation.
net::Task<Result<void>> follow_answer(Context& context, const json::value& answer);

// From now on the first Ctrl-C is noted instead of ending the program; a second one ends it.
void notice_interrupts();
bool interrupted();

}  // namespace ferry::cli
