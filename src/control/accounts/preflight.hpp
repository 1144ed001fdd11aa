// SPDX-License-Identifier: Apache-2.0
// What would stop a workspace, found out before anything is created: permissions, resource
// providers, region, quota, what is to be adopted. Only reads, except that resource providers are
// registered when that was asked for.
#pragma once

#include <string>
#include <vector>

#include "control/cloud.hpp"
#include "fleet/finding.hpp"

namespace ferry::control {

// An empty location is not checked. Names are not looked at here: they are drawn when a workspace
// is made, and one that somebody has is replaced.
struct WorkspaceToBe {
  std::string location;
  std::string sku = "S1";  // of the IoT hub
  int units = 1;
  bool event_hubs = false;
  bool identity_based = false;
  bool register_providers = false;  // consent to register those that are not
  std::string share;                // on whose behalf the cloud is asked: a workspace's turn
  fleet::AdoptedResources adopted;
};

using fleet::Finding;
using fleet::Severity;

WorkspaceToBe to_be(const fleet::Workspace& workspace);

struct PreflightReport {
  std::vector<Finding> findings;
  bool passed() const;  // no errors
};

// SKU and units alone; needs no cloud.
std::vector<Finding> check_sku(const std::string& sku, int units);

// `account_name` is for the hints. Fails only when the cloud cannot be reached or refuses the
// credential; a question that it leaves unanswered (403, 404) is an info finding "unknown".
net::Task<Result<PreflightReport>> run_preflight(std::shared_ptr<CloudConnection> cloud,
                                                 std::string account_name, WorkspaceToBe wanted);

}  // namespace ferry::control
