// SPDX-License-Identifier: Apache-2.0
// The ends of producers' and consumers' links.
#pragma once

#include "drydock/messaging/events_container.hpp"

namespace drydock::messaging {

// Stores what comes: in `partition`, or where the partition key says, or in turn.
std::unique_ptr<amqp::Node> make_producer_node(const EventServices& services, EventEntity entity,
                                               std::optional<int> partition);

struct ConsumerOptions {
  event_hubs::HubName log;
  Readers::Seat seat;
  int partition = 0;
  std::int64_t after = -1;  // the sequence number before the first event
  std::optional<std::int64_t> epoch;
  bool with_metric = false;
};
std::unique_ptr<amqp::Node> make_consumer_node(const EventServices& services,
                                               ConsumerOptions options);

}  // namespace drydock::messaging
