// SPDX-License-Identifier: Apache-2.0
#include "agent/sas_token.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {

Result<Secret> sign_sas_token(std::string_view resource, const Secret& key, Timestamp expiry) {
  const auto bytes = base64_decode(key.reveal());
  if (!bytes) return fail(Code::internal, "the module's key is not base64");
  const std::string encoded = percent_encode(resource);
  const std::string seconds = std::to_string(unix_seconds(expiry));
  const std::string signature = hmac_sha256(*bytes, encoded + "\n" + seconds);
  return Secret(fmt::format("SharedAccessSignature sr={}&sig={}&se={}", encoded,
                            percent_encode(base64_encode(signature)), seconds));
}

}  // namespace ferry::agent
