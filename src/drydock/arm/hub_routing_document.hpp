// SPDX-License-Identifier: Apache-2.0
// properties.routing of a hub: endpoints, routes, enrichments and the fallback route, checked as
// the service checks them.
#pragma once

#include "drydock/arm/context.hpp"

namespace drydock::arm {

// The flat form in which hubs refuse.
tl::unexpected<Refusal> refuse_hub(int code, std::string_view message);

// What of a hub's body is not shown again, as it was and as it becomes.
struct HubSecrets {
  json::object before;
  json::object secrets;       // connection strings by "<kind>/<endpoint name>"
  json::object endpoint_ids;  // likewise; an endpoint keeps its id
};

// Stores the secret of one connection string under `key` and masks it in the document; a masked one
// keeps what is stored.
Outcome<void> take_secret(json::object& holder, const std::string& key, HubSecrets& secrets);

// `tier` is "Free", "Basic" or "Standard"; `identity` the hub's, as make_identity gives it.
Outcome<json::object> make_routing(Context& context, const json::object& properties,
                                   std::string_view tier, const json::object& identity,
                                   const Resource& hub, HubSecrets& secrets);

// What the data plane routes by.
HubRouting read_routing(const Resource& hub);

// Whether endpoints take what is sent to them now; the error is what the service would report.
Result<void> probe_endpoint(Context& context, const RoutingEndpoint& endpoint);

}  // namespace drydock::arm
