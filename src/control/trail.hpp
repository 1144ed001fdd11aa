// SPDX-License-Identifier: Apache-2.0
// Notes for the trail of events; written in the transaction of what they tell about.
#pragma once

#include <string>
#include <string_view>

#include "control/context.hpp"

namespace ferry::control {

// Who does something: a user, or a device and where it asks from.
inline std::string device_actor(std::string_view address) {
  return address.empty() ? "device" : fmt::format("device {}", address);
}

inline Result<void> note(Context& context, const fleet::Node& node, std::string action,
                         std::string actor, std::string detail = {}) {
  return context.store.node_events.insert({.workspace = node.workspace,
                                           .subject = node.id.str(),
                                           .name = node.name,
                                           .action = std::move(action),
                                           .actor = std::move(actor),
                                           .detail = std::move(detail),
                                           .at = context.clock.now()});
}

}  // namespace ferry::control
