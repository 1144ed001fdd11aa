// SPDX-License-Identifier: Apache-2.0
#include "control/changes.hpp"

namespace ferry::control {
namespace {

// What is forgotten reads as revision 0: whoever waits for it looks once for nothing.
constexpr std::size_t kRemembered = 20'000;

}  // namespace

void Changes::mark(const std::string& subject) {
  if (subject.empty()) return;
  if (revisions_.size() >= kRemembered && !revisions_.contains(subject)) revisions_.clear();
  revisions_[subject] = ++count_;
  changed_.notify();
}

std::uint64_t Changes::revision(const std::string& subject) const {
  const auto found = revisions_.find(subject);
  return found == revisions_.end() ? 0 : found->second;
}

net::Task<bool> Changes::wait(std::string subject, std::uint64_t seen,
                              std::chrono::milliseconds patience) {
  using Steady = std::chrono::steady_clock;
  const auto deadline = Steady::now() + patience;
  while (revision(subject) == seen) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now());
    if (left <= std::chrono::milliseconds(0)) co_return false;
    co_await changed_.wait_for(left);
  }
  co_return true;
}

}  // namespace ferry::control
