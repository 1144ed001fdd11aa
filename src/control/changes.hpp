// SPDX-License-Identifier: Apache-2.0
// Who shows things live waits here for their next change. A subject is an id: of an operation, or
// of a workspace (any of its operations, resources or states).
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "net/task.hpp"

namespace ferry::control {

class Changes {
 public:
  explicit Changes(net::Executor executor) : changed_(executor) {}

  void mark(const std::string& subject);
  // Differs from every earlier one of this subject after each mark; 0 before the first.
  std::uint64_t revision(const std::string& subject) const;
  // True as soon as the subject's revision is another than `seen`, which may be at once; false when
  // `patience` ran out first.
  net::Task<bool> wait(std::string subject, std::uint64_t seen, std::chrono::milliseconds patience);

 private:
  std::uint64_t count_ = 0;
  std::unordered_map<std::string, std::uint64_t> revisions_;
  net::Notifier changed_;
};

}  // namespace ferry::control
