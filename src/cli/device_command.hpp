// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/profile.hpp"

namespace ferry::cli {

// The one command that makes a device a node: registers it, then runs the agent. Fit to be pasted
// into a shell. The token goes by the environment, never by argv, where every user of the device
// could read it.
std::string device_command(const Profile& profile, const Secret& token);

// Quoted for a POSIX shell when it needs to be.
std::string shell_word(const std::string& text);

}  // namespace ferry::cli
