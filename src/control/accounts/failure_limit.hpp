// SPDX-License-Identifier: Apache-2.0
// Slows down whoever guesses tokens: only failures count, so that a factory behind one address
// registers as fast as it likes. Bounded: a fixed number of slots that keys are hashed to with a
// secret of this process; two keys in one slot share its allowance, and nobody can choose whose.
// Kept in memory; a restart forgets it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace ferry::control {

struct FailureAllowance {
  int burst = 20;                  // failures at once
  std::chrono::seconds refill{3};  // one more failure each
};

class FailureLimit {
 public:
  explicit FailureLimit(const Clock& clock, FailureAllowance allowance = {});

  // Code::resource_exhausted while the key has used up its failures; the hint says how long to
  // wait.
  Result<void> check(std::string_view key) const;
  void count(std::string_view key);
  // Whoever succeeded is not guessing.
  void forgive(std::string_view key);

 private:
  std::size_t slot(std::string_view key) const;
  const Clock& clock_;
  FailureAllowance allowance_;
  std::string secret_;
  std::vector<Timestamp> paid_until_;  // a slot with no failures left is paid for `burst` refills
};

// "1.2.3.4" of "1.2.3.4:567"; of an IPv6 address its /64, which one host has to itself.
std::string address_key(std::string_view peer_address);

}  // namespace ferry::control
