// SPDX-License-Identifier: Apache-2.0
// A rollout as people read it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace ferry::cli {

// State, waves with what their nodes say, groups, what is wrong, what has happened.
std::string show_rollout(const json::object& rollout, const Clock& clock, bool colours);
// "wave 2 of 3 (25%): 4 done, 1 downloading", in one line; for watching.
std::string rollout_line(const json::object& rollout);
// What has happened, in order: "10:00:03  wave 1 of 2 (5%) begins".
std::vector<std::string> rollout_events(const json::object& rollout);

bool rollout_is_over(const json::object& rollout);

}  // namespace ferry::cli
