// SPDX-License-Identifier: Apache-2.0
// Services answer each api-version with the members that it knows. Handlers make the newest shape;
// here what an older version does not have is taken out or gets its older name.
#pragma once

#include "net/http.hpp"

namespace drydock::arm {

// Does nothing to errors, and to versions that have everything.
void shape_for_version(const ferry::net::HttpRequest& request, ferry::net::HttpResponse& response);

}  // namespace drydock::arm
