// SPDX-License-Identifier: Apache-2.0
// Changes on a copy of the fleet, one after another. Pure.
#pragma once

#include <vector>

#include "fleet/plan.hpp"

namespace ferry::fleet {

// The fleet once `change` has been applied; its nodes run what they ran.
Fleet after_change(Fleet fleet, const Change& change);

// The plan of each change as it would be once those before it had been applied, with consent. Ends
// with the first one that could not be. `fleet` holds what any of them touches.
std::vector<Plan> simulate(Fleet fleet, const std::vector<Change>& changes);

// All of them as one, to find out what they touch together.
Change all_of(const std::vector<Change>& changes);

}  // namespace ferry::fleet
