// SPDX-License-Identifier: Apache-2.0
// Long operations of the server, shown live on standard error.
#pragma once

#include <set>

#include "cli/context.hpp"

namespace ferry::cli {

// Turns the successive states of one operation into what to write: each finished step once, with a
// tick or a cross and its seconds; on a terminal also one line, rewritten in place, for what runs
// now.
class ProgressView {
 public:
  ProgressView(bool live, bool colours) : live_(live), colours_(colours) {}
  std::string update(const json::object& operation, Timestamp now);
  std::string finish();  // takes the live line away

 private:
  bool live_;
  bool colours_;
  bool line_shown_ = false;
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
