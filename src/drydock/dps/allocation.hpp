// SPDX-License-Identifier: Apache-2.0
// Which of the linked hubs a device gets. Pure.
#pragma once

#include "drydock/directory.hpp"
#include "drydock/dps/enrollment.hpp"

namespace drydock::dps {

// Among the enrollment's hubs, or all that are linked, by the enrollment's policy, or the
// service's:
//   static      the first of the enrollment's
//   hashed      by the registration id, always the same way
//   geoLatency  where the connection is quickest; on one machine all are alike, so the first by
//   name
// 400208 when there is none, or one that the enrollment names is not linked.
Outcome<std::string> allocate(const ProvisioningServiceInfo& service, const Enrollment& enrollment,
                              std::string_view registration_id);

}  // namespace drydock::dps
