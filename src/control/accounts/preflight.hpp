// SPDX-License-Identifier: Apache-2.0
// What would stop a workspace, found out before anything is created: permissions, resource
// providers, region, quota, names. Only reads, except that resource providers are registered when
// that was asked for.
#pragma once

#include <string>
#include <vector>

#include "control/cloud.hpp"

namespace ferry::control {

// Empty names are not checked; an empty location neither.
struct WorkspaceToBe {
  std::string location;
  std::string sku = "S1";  // of the IoT hub
  int units = 1;
  bool event_hubs = false;
  bool identity_based = false;
  bool register_providers = false;  // consent to register those that are not
  std::string share;                // on whose behalf the cloud is asked: a workspace's turn
  struct Names {
    std::string iot_hub;
    std::string provisioning_service;
    std::string storage_account;
    std::string registry;
    std::string event_hub_namespace;
  } names;
};

enum class Severity {
  error,    // the workspace cannot be made like this
  warning,  // it can, with a consequence
  info,     // worth knowing; also a question that the cloud did not answer
};
std::string_view to_string(Severity severity);

struct Finding {
  Severity severity = Severity::info;
  std::string code;     // "missing_permission", "provider_not_registered", ...; docs/api.md
  std::string subject;  // the action, provider, region or name
  std::string message;
  std::string hint;  // what to do next
};

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
