// SPDX-License-Identifier: Apache-2.0
#include "drydock/event_hubs/endpoint.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "drydock/endpoints.hpp"

namespace drydock::event_hubs {

using namespace ferry;

namespace {

const SharedAccessPolicy* find_rule(const std::vector<SharedAccessPolicy>& rules,
                                    std::string_view name) {
  const auto found = std::ranges::find_if(
      rules, [&](const SharedAccessPolicy& rule) { return equals_ignore_case(rule.name, name); });
  return found == rules.end() ? nullptr : &*found;
}

Result<void> check_key(const RoutingEndpoint& endpoint, const EventHubNamespaceInfo& space,
                       const EventHubInfo& hub) {
  if (!space.local_auth) {
    return fail(Code::permission_denied, "the namespace {} does not take keys", space.name);
  }
  const SharedAccessPolicy* rule = find_rule(hub.rules, endpoint.rule);
  if (rule == nullptr) rule = find_rule(space.rules, endpoint.rule);
  if (rule == nullptr) {
    return fail(Code::permission_denied, "there is no authorization rule '{}'", endpoint.rule);
  }
  if (!constant_time_equal(rule->primary_key.reveal(), endpoint.key.reveal()) &&
      !constant_time_equal(rule->secondary_key.reveal(), endpoint.key.reveal())) {
    return fail(Code::permission_denied, "the key is not that of the authorization rule '{}'",
                endpoint.rule);
  }
  if (rule->rights.find("Send") == std::string::npos) {
    return fail(Code::permission_denied, "the authorization rule '{}' has no right to send",
                endpoint.rule);
  }
  return {};
}

}  // namespace

Result<Target> resolve(const RoutingEndpoint& endpoint, const FindNamespace& find,
                       const MaySend& may_send) {
  if (endpoint.kind != "eventHubs") {
    return fail(Code::unsupported, "Drydock sends to event hubs, not to {}", endpoint.kind);
  }
  const auto name = name_from_host(endpoint.host, Endpoints::kServiceBusSuffix);
  const auto space = name ? find(*name) : std::nullopt;
  if (!space) return fail(Code::not_found, "there is no namespace at '{}'", endpoint.host);
  const auto hub = std::ranges::find_if(space->event_hubs, [&](const EventHubInfo& info) {
    return equals_ignore_case(info.name, endpoint.event_hub);
  });
  if (hub == space->event_hubs.end()) {
    return fail(Code::not_found, "the namespace {} has no event hub '{}'", space->name,
                endpoint.event_hub);
  }
  if (!endpoint.identity_based) {
    auto allowed = check_key(endpoint, *space, *hub);
    if (!allowed) return fail(std::move(allowed).error());
  } else if (!may_send(endpoint.principal, fmt::format("{}/eventhubs/{}", space->id, hub->name))) {
    return fail(Code::permission_denied,
                "the hub's identity '{}' has no role that lets it send to event hub {}",
                endpoint.principal, hub->name);
  }
  return Target{
      {space->name, hub->name}, hub->partitions, std::chrono::hours(hub->retention_hours)};
}

}  // namespace drydock::event_hubs
