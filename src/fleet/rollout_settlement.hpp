// SPDX-License-Identifier: Apache-2.0
// What becomes of a change when some of the groups that it was rolled out to have returned. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "fleet/change.hpp"

namespace ferry::fleet {

// The change to record: groups not in `out` get what `change` gives them, groups in `out` keep what
// the live deployments give them now, by a deployment of their own, "restored-GROUP", where an
// edited deployment no longer does.
Change settle_change(const std::vector<Deployment>& live, const Change& change,
                     const std::set<std::string>& out);

}  // namespace ferry::fleet
