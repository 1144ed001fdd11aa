// SPDX-License-Identifier: Apache-2.0
// Slows down whoever guesses: only failures count, so that a factory behind one address registers
// as fast as it likes. Bounded: a fixed number of slots that keys are hashed to with a secret of
// this process; two keys in one slot share its allowance, and nobody can choose whose.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace ferry::control {

class FailureLimit {
 public:
  static constexpr int kBurst = 20;
  static constexpr std::chrono::seconds kRefill{3};  // one more failure each

  explicit FailureLimit(const Clock& clock);

  // Code::resource_exhausted while the key has used up its failures.
  Result<void> check(std::string_view key) const;
  void count(std::string_view key);

 private:
  std::size_t slot(std::string_view key) const;
  const Clock& clock_;
  std::string secret_;
  std::vector<Timestamp> paid_until_;  // a slot with no failures left is paid for kBurst refills
};

// "1.2.3.4" of "1.2.3.4:567"; of an IPv6 address its /64, which one host has to itself.
std::string address_key(std::string_view peer_address);

}  // namespace ferry::control
