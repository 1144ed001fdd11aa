// SPDX-License-Identifier: Apache-2.0
// Two versions of one component on one node group: nothing is sent until somebody has decided. All
// ways out are computed, each as a change that can be planned and applied as it is. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fleet/change.hpp"

namespace ferry::fleet {

struct Resolution {
  enum class Kind {
    align,  // every deployment moves to one version
    drop,   // deployments that ask for other versions give the component up
    split,  // deployments that ask for other versions leave the group
  };
  Kind kind = Kind::align;
  std::string words;  // "move base to x 1.1.0"
  Change change;      // instead of the one that met the conflict; contains it, amended
  friend bool operator==(const Resolution&, const Resolution&) = default;
};

struct Conflict {
  struct Contribution {
    std::string version;
    std::vector<std::string> deployments;  // by name
    friend bool operator==(const Contribution&, const Contribution&) = default;
  };
  std::string group;
  std::string component;
  std::int64_t nodes = 0;
  std::vector<Contribution> versions;
  std::vector<Resolution> resolutions;  // that nothing changes at all is always possible as well
  friend bool operator==(const Conflict&, const Conflict&) = default;
};

std::string_view to_string(Resolution::Kind kind);

// `after`: the deployments with `change` applied, whole (not only the part that touches `group`).
// `versions`: who asks for which version on `group`. Each resolution keeps one of the versions and
// ends this conflict; what else it changes, its plan shows.
std::vector<Resolution> resolutions_of(
    const std::string& group, const std::string& component,
    const std::map<std::string, std::vector<std::string>>& versions, const Change& change,
    const std::vector<Deployment>& after);

}  // namespace ferry::fleet
