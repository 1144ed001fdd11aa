// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/allocation.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock::dps {
namespace {

// Hosts of the enrollment, or all that are linked to the service.
Outcome<std::vector<std::string>> candidate_hubs(const ProvisioningServiceInfo& service,
                                                 const Enrollment& enrollment) {
  std::vector<std::string> hubs;
  if (const auto* wanted = ferry::find_array(enrollment.document, "iotHubs")) {
    for (const json::value& hub : *wanted) {
      if (!hub.is_string()) continue;
      const std::string name(hub.get_string());
      const bool linked = std::any_of(
          service.linked_hubs.begin(), service.linked_hubs.end(),
          [&](const std::string& known) { return ferry::equals_ignore_case(known, name); });
      if (!linked) {
        return refuse(400208, "the hub {} is not linked to the provisioning service", name);
      }
      hubs.push_back(name);
    }
  }
  if (hubs.empty()) hubs = service.linked_hubs;
  if (hubs.empty()) return refuse(400208, "no IoT hub is linked to the provisioning service");
  return hubs;
}

}  // namespace

Outcome<std::string> allocate(const ProvisioningServiceInfo& service, const Enrollment& enrollment,
                              std::string_view registration_id) {
  auto hubs = candidate_hubs(service, enrollment);
  if (!hubs) return refuse(std::move(hubs).error());
  const std::string policy =
      ferry::string_or(enrollment.document, "allocationPolicy", service.allocation_policy);
  if (ferry::equals_ignore_case(policy, "static")) return hubs->front();
  std::sort(hubs->begin(), hubs->end());
  if (ferry::equals_ignore_case(policy, "geoLatency")) return hubs->front();
  const std::string digest = ferry::sha256(ferry::to_lower(registration_id));
  const auto number =
      static_cast<unsigned char>(digest[0]) * 256U + static_cast<unsigned char>(digest[1]);
  return (*hubs)[number % hubs->size()];
}

}  // namespace drydock::dps
