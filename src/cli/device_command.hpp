// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/profile.hpp"

namespace ferry::cli {

// The one command that makes a device a node: registers it, then runs the agent. Fit to be pasted
// into a shell. The token goes by the environment, never by argv, where every user of the device
// could read it.
std::string device_command(const Profile& profile, const Secret& token);

// The same for any device that reaches ferryd: fetches the installer and runs it; it asks for the
// token. `public_key_pin` is how curl knows a ferryd whose CA the device does not trust yet; empty
// when it does.
std::string install_command(const Profile& profile, const std::string& public_key_pin);

// What a device needs in its environment beside the profile's url; empty texts are left out.
std::vector<std::pair<std::string, std::string>> device_environment(const Profile& profile);
// PEM of the local cloud's CA; empty when there is no local cloud.
std::string local_cloud_ca(const Profile& profile);

// Quoted for a POSIX shell when it needs to be.
std::string shell_word(const std::string& text);

}  // namespace ferry::cli
