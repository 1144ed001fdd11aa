// SPDX-License-Identifier: Apache-2.0
#include "agent/device_time.hpp"

namespace ferry::agent {

// A clock that has been set meanwhile is right without the offset, and far ahead with it.
Timestamp DeviceTime::now() const {
  const Timestamp system = system_.now();
  return system < floor_ ? system + offset_ : system;
}

bool DeviceTime::take_hint(Timestamp time) {
  if (!provably_behind() || time < floor_) return false;
  offset_ = time - system_.now();
  return true;
}

}  // namespace ferry::agent
