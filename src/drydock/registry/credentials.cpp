// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/credentials.hpp"

#include "base/encoding.hpp"

namespace drydock::registry {
namespace {

std::optional<std::string_view> after_scheme(std::string_view authorization,
                                             std::string_view scheme) {
  if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ' ||
      !ferry::equals_ignore_case(authorization.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  return ferry::trim(authorization.substr(scheme.size() + 1));
}

}  // namespace

std::optional<BasicCredentials> basic_credentials(std::string_view authorization) {
  const auto encoded = after_scheme(authorization, "Basic");
  if (!encoded) return std::nullopt;
  const auto text = ferry::base64_decode(*encoded);
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{text->substr(0, colon), ferry::Secret(text->substr(colon + 1))};
}

std::optional<ferry::Secret> bearer_token(std::string_view authorization) {
  const auto token = after_scheme(authorization, "Bearer");
  if (!token || token->empty()) return std::nullopt;
  return ferry::Secret(std::string(*token));
}

}  // namespace drydock::registry
