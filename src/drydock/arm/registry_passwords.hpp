// SPDX-License-Identifier: Apache-2.0
// What registries and their tokens share.
#pragma once

#include <string>
#include <vector>

#include "drydock/arm/context.hpp"
#include "drydock/directory.hpp"

namespace drydock::arm {

// 52 letters and digits, the length that the service's passwords have.
std::string random_password();

void add_registry_async_headers(const Context& context, const Call& call, const Resource& registry,
                                const std::string& operation, HttpResponse& response);

// Tokens with their passwords and with the actions of their scope maps as they are now.
std::vector<RegistryToken> read_registry_tokens(Context& context, const Resource& registry);

}  // namespace drydock::arm
