// SPDX-License-Identifier: Apache-2.0
// Where a hub's routing endpoint leads, and whether it may send there.
#pragma once

#include <functional>

#include "drydock/directory.hpp"
#include "drydock/event_hubs/store.hpp"

namespace drydock::event_hubs {

struct Target {
  HubName name;
  int partitions = 4;
  std::chrono::hours retention{168};
};

using FindNamespace = std::function<std::optional<EventHubNamespaceInfo>(std::string_view name)>;
// Whether a principal may send, by its roles at the scope.
using MaySend = std::function<bool(std::string_view principal, std::string_view scope)>;

inline constexpr std::string_view kSendAction =
    "Microsoft.EventHub/namespaces/messages/send/action";

// Code::not_found: there is no such namespace or event hub. Code::permission_denied: the policy,
// its key or its rights are not (any longer) right, or the identity has no role for it.
ferry::Result<Target> resolve(const RoutingEndpoint& endpoint, const FindNamespace& find,
                              const MaySend& may_send);

}  // namespace drydock::event_hubs
