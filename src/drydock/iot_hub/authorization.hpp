// SPDX-License-Identifier: Apache-2.0
// Who may do what: policies of the hub, and devices and modules with their own credentials.
#pragma once

#include "drydock/directory.hpp"
#include "drydock/iot_hub/hub.hpp"
#include "net/stream.hpp"

namespace drydock::iot_hub {

enum Rights : unsigned {
  kRegistryRead = 1,
  kRegistryWrite = 2,
  kServiceConnect = 4,
  kDeviceConnect = 8,
};

// Checks a policy's token for the whole hub: 401002 unless it has one of `wanted`.
Outcome<void> authorize_service(const HubInfo& hub, std::string_view authorization, unsigned wanted,
                                ferry::Timestamp now);

struct DeviceProof {
  std::string method;                  // "sas" or "x509"
  std::optional<std::int64_t> expiry;  // of the token, Unix seconds
};
// A device's or module's own SAS token, a token of a policy with DeviceConnect, or (without token)
// the certificate of the TLS connection, by its thumbprint. 401002 for all that fails, 403012 for a
// disabled device.
Outcome<DeviceProof> authenticate_device(const HubInfo& info, Hub& hub, const EntityKey& key,
                                         std::string_view sas, const ferry::net::PeerInfo& peer);

// Whether the token names a policy, so that authorize_service() is meant.
bool names_policy(std::string_view authorization);

}  // namespace drydock::iot_hub
