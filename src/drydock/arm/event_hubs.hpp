// SPDX-License-Identifier: Apache-2.0
// What the parts of Microsoft.EventHub share: namespaces, event hubs in them, authorization rules
// at both, consumer groups.
#pragma once

#include "drydock/arm/context.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

inline constexpr std::string_view kRootRule = "RootManageSharedAccessKey";
inline constexpr std::string_view kDefaultConsumerGroup = "$Default";

// Errors of the provider carry the id by which its people find the request.
tl::unexpected<Refusal> refuse_event_hubs(int status, std::string_view code,
                                          std::string_view message);

// The namespace of the route's {name}, ready for its parts to be changed: 409 while it is being
// made or deleted.
Outcome<Resource> require_namespace(Context& context, const Call& call);
// The event hub of {name} and {hub}.
Outcome<Resource> require_event_hub(Context& context, const Call& call);

// "Basic", "Standard" or "Premium".
std::string tier_of(const Resource& space);

// A part of a namespace or of an event hub, not saved yet: "<parent>/<kind>/<name>".
Resource event_hub_child(const Context& context, const Resource& parent, std::string_view type,
                         std::string_view kind, std::string_view name);

Outcome<void> create_root_rule(Context& context, const Resource& space);
Outcome<void> create_default_consumer_group(Context& context, const Resource& hub);

void add_namespace_routes(Context& context, Routes& routes);
void add_event_hub_routes(Context& context, Routes& routes);
void add_event_hub_rule_routes(Context& context, Routes& routes);
void add_consumer_group_routes(Context& context, Routes& routes);

}  // namespace drydock::arm
