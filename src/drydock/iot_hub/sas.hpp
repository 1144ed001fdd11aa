// SPDX-License-Identifier: Apache-2.0
// Shared access signatures of IoT Hub and DPS: "SharedAccessSignature sr=..&sig=..&se=..[&skn=..]".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace drydock::iot_hub {

struct SasToken {
  std::string raw_resource;  // as written, still percent-encoded: what was signed
  std::string resource;      // decoded, lower case
  std::string signature;     // base64 text
  std::int64_t expiry = 0;   // Unix seconds
  std::string policy;        // skn, may be empty
};

// Errors are Code::unauthenticated and never quote the token.
ferry::Result<SasToken> parse_sas(std::string_view text);
// HMAC-SHA256 of "{raw sr}\n{se}" with the base64-decoded key.
bool signed_with(const SasToken& token, const ferry::Secret& base64_key);
// The same with the key's text itself, as Event Hubs' clients sign.
bool signed_with_text(const SasToken& token, const ferry::Secret& key);
bool is_expired(const SasToken& token, ferry::Timestamp now);
// Whether the token's resource is `resource` or above it in the path; without case.
bool covers(const SasToken& token, std::string_view resource);

}  // namespace drydock::iot_hub
