// SPDX-License-Identifier: Apache-2.0
// What people may call things, and why: these names become DNS labels, twin keys, container names,
// blob paths and image repositories without being changed on the way.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry::fleet {

// Lower-case letters, digits and inner hyphens, 1 to `max` characters. `what` is used in the error:
// "workspace name".
inline constexpr std::size_t kLongestCapability = 63;
Result<void> check_label(std::string_view what, std::string_view name, std::size_t max);

Result<void> check_workspace_name(std::string_view name);   // label, 2 to 32
Result<void> check_account_name(std::string_view name);     // label, up to 63
Result<void> check_group_name(std::string_view name);       // label, up to 63
Result<void> check_node_name(std::string_view name);        // label, up to 63
Result<void> check_deployment_name(std::string_view name);  // label, up to 63
Result<void> check_component_name(
    std::string_view name);                              // label, up to 63; not edgeAgent, edgeHub
Result<void> check_version(std::string_view version);    // semantic version 2.0.0, up to 64
Result<void> check_location(std::string_view location);  // "westeurope"
Result<void> check_platform(std::string_view platform);  // "linux/amd64", "linux/arm/v7"
Result<void> check_repository(std::string_view repository);  // "base/busybox"
Result<void> check_tag(std::string_view tag);
// Relative, '/' between parts, no empty, '.' or '..' part, no control character.
Result<void> check_file_path(std::string_view path);

// Key of a module in a twin and name of a container: ^[a-zA-Z0-9_-]+$.
bool is_module_key(std::string_view key);

// Below 0, 0 or above 0, by semver's precedence (build metadata does not count). Both must be
// valid.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace ferry::fleet
