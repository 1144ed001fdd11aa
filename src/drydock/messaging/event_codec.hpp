// SPDX-License-Identifier: Apache-2.0
// Events as AMQP messages: how producers send them, and how consumers get them.
#pragma once

#include <vector>

#include "drydock/event_hubs/store.hpp"

namespace drydock::messaging {

// How Event Hubs' clients mark a message whose data sections are messages.
inline constexpr std::uint32_t kBatchFormat = 0x80013700;

// The events of one delivery, each with its partition key; in a batch the envelope's key counts for
// those that have none. Code::invalid_argument when it is no message.
ferry::Result<std::vector<event_hubs::Event>> decode_events(std::uint32_t message_format,
                                                            std::string_view bytes);

// With where it stands in its partition. `state`, when not null, goes along as the receiver's
// runtime metric.
std::string encode_event(const event_hubs::StoredEvent& stored,
                         const event_hubs::PartitionState* state, ferry::Timestamp now);

}  // namespace drydock::messaging
