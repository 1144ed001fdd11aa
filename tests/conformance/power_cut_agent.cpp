// SPDX-License-Identifier: Apache-2.0
// ferry-agent that loses power: FERRY_CUT_AT=n ends it before its n-th step on the disk, and
// FERRY_CUT_LOSES=1 takes with it what was not synced. Without the variable it is ferry-agent.
#include <cstdlib>

#include "tests/lib/power_cut.hpp"

namespace {

const bool armed = [] {
  const char* at = std::getenv("FERRY_CUT_AT");
  if (!at) return false;
  ferry::tests::PowerCut::arm(std::atoi(at), std::getenv("FERRY_CUT_LOSES") != nullptr);
  return true;
}();

}  // namespace
