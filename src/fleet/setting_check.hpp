// SPDX-License-Identifier: Apache-2.0
// Whether what layers say of components is what their schemas allow. Pure.
#pragma once

#include <string>
#include <vector>

#include "fleet/change.hpp"
#include "fleet/composition.hpp"

namespace ferry::fleet {

struct SettingFindings {
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

// One module's settings as they come to on a group, or on one node. `where`: "group line-1", "node
// pump-7 of group line-1". A name that the schema does not know is a problem of the change that
// sets it, and a warning where it was set before.
void check_settings(const Module& module, const std::map<std::string, EffectiveSetting>& settings,
                    const std::string& where, const Change& change, SettingFindings& findings);

// Whether `change` itself sets this.
bool sets(const Change& change, const std::string& component, const std::string& setting,
          const EffectiveSetting& effective);

}  // namespace ferry::fleet
