// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace drydock::event_hubs {

// The partition, of `partitions`, that holds the events of a key: Event Hubs' own hash (Jenkins'
// lookup3), which clients also compute, so that their events and routed ones keep one order.
int partition_of(std::string_view key, int partitions);

}  // namespace drydock::event_hubs
