// SPDX-License-Identifier: Apache-2.0
// Shared access signatures of a module: "SharedAccessSignature
// sr={resource}&sig={HMAC}&se={seconds}".
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace ferry::agent {

// `key` is base64 text. `resource` is not encoded yet: "{hub}/devices/{device}/modules/{module}".
// What is signed is the encoded resource, a line feed, and the expiry.
Result<Secret> sign_sas_token(std::string_view resource, const Secret& key, Timestamp expiry);

}  // namespace ferry::agent
