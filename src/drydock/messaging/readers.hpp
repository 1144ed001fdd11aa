// SPDX-License-Identifier: Apache-2.0
// Who reads which partition for which consumer group, and who must give way: with an epoch (owner
// level) a reader owns its partition, without one it shares it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drydock/amqp/link.hpp"
#include "drydock/event_hubs/store.hpp"

namespace drydock::messaging {

class Readers {
 public:
  static constexpr std::size_t kMostWithoutEpoch = 5;

  struct Seat {
    std::string log;  // lower case: namespace, event hub
    std::string group;
    int partition = 0;
    friend auto operator<=>(const Seat&, const Seat&) = default;
  };
  static Seat seat_of(const event_hubs::HubName& log, std::string_view group, int partition);

  // Takes the seat, after detaching with amqp:link:stolen those who must give way; or says why not.
  amqp::Outcome<void> enter(const Seat& seat, const std::shared_ptr<amqp::Link>& link,
                            std::optional<std::int64_t> epoch);
  void leave(const Seat& seat, const amqp::Link* link);

 private:
  struct Reader {
    const amqp::Link* key = nullptr;
    std::weak_ptr<amqp::Link> link;
    std::optional<std::int64_t> epoch;
  };
  std::map<Seat, std::vector<Reader>> seats_;
};

}  // namespace drydock::messaging
