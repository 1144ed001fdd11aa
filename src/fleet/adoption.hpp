// SPDX-License-Identifier: Apache-2.0
// Whether Ferry can work with a resource that is there already. Pure: judges what a GET answered.
// Nothing of it is changed: what Ferry would have made otherwise is a finding.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "fleet/desired_resources.hpp"
#include "fleet/finding.hpp"

namespace ferry::fleet {

// What may be adopted, in the order in which it is asked for.
struct AdoptableKind {
  std::string key;   // in the table
  std::string type;  // "Microsoft.Devices/IotHubs"
  std::string AdoptedResources::* id;
};
const std::vector<AdoptableKind>& adoptable_kinds();

// By the ids alone: their form, type and subscription. Code::invalid_argument with the first that
// is wrong.
Result<void> check_adopted_ids(const AdoptedResources& adopted, std::string_view subscription);
// What the names of adopted resources are; the others stay as they are.
void name_after_adopted(Workspace& workspace);

// `document`: what the GET of the entry (which is adopted) answered. For an IoT hub also what the
// workspace's options would need of it.
std::vector<Finding> judge_adopted(const DesiredResource& entry, const json::object& document,
                                   const Workspace& workspace);

// Tier and units of an adopted hub, which its limits follow from.
void take_tier(WorkspaceOptions& options, const json::object& hub);

}  // namespace ferry::fleet
