// SPDX-License-Identifier: Apache-2.0
// What a composition asks of the nodes that are to run it: platforms, room on their disks,
// capabilities. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "fleet/plan.hpp"

namespace ferry::fleet {

// Into `group.pulls` and `group.disk`: what nodes would fetch, and who lacks the room for it. Into
// `plan`: images that lack a platform. Such a lack is a problem of the change that brings it; where
// it stands already, it is in nobody's way.
void look_at_images(const GroupFacts& facts, const Composition& before, const Composition& after,
                    GroupPlan& group, Plan& plan);

struct Capabilities {
  std::set<std::string> group;
  std::map<std::string, std::set<std::string>> nodes;  // of those that have some beside
};
// Capabilities that `composition` requires and nodes of the group lack, in words, with what to do.
std::vector<std::string> check_capabilities(const Composition& composition, const GroupFacts& facts,
                                            const Capabilities& capabilities,
                                            const std::string& group);

}  // namespace ferry::fleet
