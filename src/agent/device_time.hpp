// SPDX-License-Identifier: Apache-2.0
// The time for a device whose clock may not be set, as after a boot without battery or network.
//
// The system's clock counts unless it is provably behind: before the making of a certificate that
// is trusted already. Only then does a hint count, the Date of a server that proved its name by a
// trusted chain (checked without dates, which nobody could check). Such a hint is kept in memory,
// it only moves time forward, it never touches the system's clock, and the next connection checks
// the server's dates against it: a server whose certificate was not valid at that time gets
// nowhere. Who holds an expired key of a trusted server could still make this device believe an old
// time; between the making of its certificate and the expiry of that server's.
#pragma once

#include "base/clock.hpp"

namespace ferry::agent {

class DeviceTime final : public Clock {
 public:
  // `system` is borrowed.
  explicit DeviceTime(const Clock& system) : system_(system) {}

  Timestamp now() const override;
  // Something trusted was made at `time`: it is not earlier now.
  void not_before(Timestamp time) { floor_ = std::max(floor_, time); }
  bool provably_behind() const { return now() < floor_; }
  // False when the hint is not taken: the clock is not behind, or the hint itself is.
  bool take_hint(Timestamp time);

 private:
  const Clock& system_;
  Timestamp floor_;
  std::chrono::milliseconds offset_{0};
};

}  // namespace ferry::agent
