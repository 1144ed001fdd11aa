// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace drydock::registry {

struct BasicCredentials {
  std::string user;
  ferry::Secret password;
};

// From an Authorization header (RFC 7617, RFC 6750); nothing for any other scheme.
std::optional<BasicCredentials> basic_credentials(std::string_view authorization);
std::optional<ferry::Secret> bearer_token(std::string_view authorization);

}  // namespace drydock::registry
