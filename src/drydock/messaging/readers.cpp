// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/readers.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace drydock::messaging {

Readers::Seat Readers::seat_of(const event_hubs::HubName& log, std::string_view group,
                               int partition) {
  return {ferry::to_lower(log.space) + "/" + ferry::to_lower(log.hub), ferry::to_lower(group),
          partition};
}

amqp::Outcome<void> Readers::enter(const Seat& seat, const std::shared_ptr<amqp::Link>& link,
                                   std::optional<std::int64_t> epoch) {
  std::vector<Reader>& readers = seats_[seat];
  std::erase_if(readers, [](const Reader& reader) {
    const auto held = reader.link.lock();
    return !held || !held->is_open();
  });
  std::optional<std::int64_t> highest;
  for (const Reader& reader : readers) highest = std::max(highest, reader.epoch);
  if (highest && (!epoch || *epoch < *highest)) {
    return amqp::refuse(std::string(amqp::kStolen),
                        "a reader with epoch {} has the partition {} of consumer group {}; this "
                        "one has {}",
                        *highest, seat.partition, seat.group,
                        epoch ? fmt::format("epoch {}", *epoch) : "none");
  }
  if (!epoch && readers.size() >= kMostWithoutEpoch) {
    return amqp::refuse(std::string(amqp::kLimit),
                        "{} readers without an epoch read the partition {} of consumer group {} "
                        "already, which is the limit",
                        readers.size(), seat.partition, seat.group);
  }
  std::vector<Reader> leaving;
  if (epoch) leaving = std::exchange(readers, {});
  readers.push_back({link.get(), link, epoch});
  for (const Reader& reader : leaving) {
    if (const auto held = reader.link.lock()) {
      held->detach({std::string(amqp::kStolen),
                    fmt::format("a reader with epoch {} took the partition {} of consumer group {}",
                                *epoch, seat.partition, seat.group)});
    }
  }
  return {};
}

void Readers::leave(const Seat& seat, const amqp::Link* link) {
  const auto found = seats_.find(seat);
  if (found == seats_.end()) return;
  std::erase_if(found->second, [&](const Reader& reader) { return reader.key == link; });
  if (found->second.empty()) seats_.erase(found);
}

}  // namespace drydock::messaging
