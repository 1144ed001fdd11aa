// SPDX-License-Identifier: Apache-2.0
// What a hub looks like: checks a PUT's body and makes of it the document that GET answers.
#pragma once

#include "drydock/arm/context.hpp"

namespace drydock::arm {

// 3 to 50 letters, digits and inner hyphens, not digits alone.
bool valid_hub_name(std::string_view name);

// Replaces document and hidden parts of `hub` by what `body` asks for; what is left out falls back
// to defaults. Masked connection strings keep the stored ones. Read-only members are kept.
Outcome<void> apply_hub_body(Context& context, const json::object& body, Resource& hub);

// Sets the members that appear once the hub works.
void complete_hub(const Context& context, Resource& hub);

// What the data plane goes by; durations that cannot be read fall back to the defaults.
CloudToDeviceSettings read_cloud_to_device(const Resource& hub);
BuiltInEndpoint read_built_in(Context& context, const Resource& hub);
// Host name of the built-in endpoint's namespace.
std::string built_in_host(const Resource& hub);

}  // namespace drydock::arm
