// SPDX-License-Identifier: Apache-2.0
// What components ask of one another on one node group. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fleet/composition.hpp"

namespace ferry::fleet {

// In words, each naming what to do; empty when every dependency runs in a version that will do and
// none waits for itself. Linear in modules and dependencies, but for cycles, of which one is named.
std::vector<std::string> check_dependencies(const Composition& composition);

// Startup order by module, small first, for IoT Edge's startupOrder: what the manifest says, else
// behind everything that the module depends on. Modules that neither say anything nor take part in
// a dependency are absent. Members of a cycle are absent too.
std::map<std::string, std::uint32_t> startup_orders(const Composition& composition);

}  // namespace ferry::fleet
