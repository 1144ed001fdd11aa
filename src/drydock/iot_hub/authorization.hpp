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

// What a caller of the service API must have: one of the rights, as a policy's token gives them,
// or, with a token of Entra, a role that grants the data action.
struct Need {
  unsigned rights = 0;
  std::string_view data_action = {};  // below "Microsoft.Devices/IotHubs/"
};
// Judges tokens of Entra. Both may be null or say nothing: then none is good.
struct EntraAccess {
  const TokenVerifier* verifier = nullptr;
  const Directory* directory = nullptr;
};
// 401002 for a token that is wrong, 401002 or 403000 for one that is not enough.
// `path` is what the request is for: tokens of policies are good for what lies below their
// resource.
Outcome<void> authorize_service(const HubInfo& hub, std::string_view authorization,
                                std::string_view path, const Need& need, const EntraAccess& entra,
                                ferry::Timestamp now);

struct DeviceProof {
  std::string method;                  // "sas" or "x509"
  std::optional<std::int64_t> expiry;  // of the token, Unix seconds
};
// A device's or module's own SAS token, a token of a policy with DeviceConnect, or (without token)
// the certificate of the TLS connection, by its thumbprint or by the CA certificates of the hub.
// 401002 for all that fails, 403012 for a disabled device.
Outcome<DeviceProof> authenticate_device(const HubInfo& info, Hub& hub, const EntityKey& key,
                                         std::string_view sas, const ferry::net::PeerInfo& peer);

// Whether the token names a policy or is one of Entra, so that authorize_service() is meant.
bool is_for_service(std::string_view authorization);

}  // namespace drydock::iot_hub
