// SPDX-License-Identifier: Apache-2.0
// Azure's services are all at port 443, and the host names that Resource Manager gives have no
// port. A cloud whose Resource Manager is elsewhere, such as a local one that cannot have 443, has
// its other services at that same port.
#pragma once

#include <string>

#include "azure/transport.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

// As `transport`, but calls without a port to hosts of this cloud go to the cloud's port.
azure::Transport at_port_of(const fleet::Environment& environment, azure::Transport transport);

// "host", or "host:8443" when that is the cloud's port.
std::string with_port_of(const fleet::Environment& environment, const std::string& host);

}  // namespace ferry::control
