// SPDX-License-Identifier: Apache-2.0
// Shared access signatures of IoT Hub and DPS:
//   SharedAccessSignature sr={resource}&sig={signature}&se={unix seconds}&skn={policy}
// The signature is HMAC-SHA256, keyed with the base64-decoded key, over "{sr as sent}\n{se}".
#pragma once

#include <string>
#include <string_view>

#include "azure/pipeline.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"

namespace ferry::azure {

// One shared access policy of an IoT hub or a DPS instance. `key` is base64 text.
struct SasKey {
  std::string host;  // "hub.azure-devices.net", or "host:port" where the service is not at 443
  std::string policy;
  Secret key;

  // HostName=..;SharedAccessKeyName=..;SharedAccessKey=..
  Secret connection_string() const;
};

Result<SasKey> parse_connection_string(const Secret& text);

// `resource` is written percent-encoded into the token. Code::invalid_argument when the key is not
// base64.
Result<Secret> sas_token(std::string_view resource, const SasKey& key, Timestamp expiry);

// Signs each attempt with a token for the whole host (without port) that lives one hour.
Authorize authorize_with_sas(SasKey key, const Clock& clock);

}  // namespace ferry::azure
