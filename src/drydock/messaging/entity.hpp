// SPDX-License-Identifier: Apache-2.0
// The addresses and filters that Event Hubs' clients attach with. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "drydock/amqp/container.hpp"

namespace drydock::messaging {

// "hub", "hub/Partitions/1", "hub/ConsumerGroups/$Default/Partitions/1", "hub/$management"; also
// "$management" alone, when requests say which event hub they are about.
struct EntityAddress {
  enum class Kind { hub, partition, consumer, management };
  Kind kind = Kind::hub;
  std::string hub;     // empty for "$management" alone
  std::string group;   // of a consumer
  int partition = -1;  // of a partition or consumer
};
// Words compare without case.
std::optional<EntityAddress> parse_entity(std::string_view address);

// "amqp.annotation.x-opt-offset > '-1'" and the other filters that clients position by.
struct StartPosition {
  enum class Field { offset, sequence_number, enqueued_time };
  Field field = Field::offset;
  bool inclusive = false;
  bool latest = false;      // "@latest": behind all there is
  std::int64_t value = -1;  // of an offset, -1 is the beginning; of a time, Unix milliseconds
};
// Code::invalid_argument with what is not understood.
ferry::Result<StartPosition> parse_selector(std::string_view text);

}  // namespace drydock::messaging
