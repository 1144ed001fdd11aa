// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/event_nodes.hpp"

#include "base/log.hpp"
#include "drydock/event_hubs/partition.hpp"
#include "drydock/messaging/event_codec.hpp"

namespace drydock::messaging {
namespace {

constexpr std::uint64_t kLargestMessage = 1024 * 1024;  // of the standard tier
constexpr std::int64_t kReadAtOnce = 64;

class ProducerNode final : public amqp::Node {
 public:
  ProducerNode(const EventServices& services, EventEntity entity, std::optional<int> partition)
      : services_(services), entity_(std::move(entity)), partition_(partition) {}

  std::uint64_t max_message_size() const override { return kLargestMessage; }

  void received(amqp::Link& link, std::uint64_t delivery, std::uint32_t message_format,
                std::string bytes) override {
    auto events = decode_events(message_format, bytes);
    if (!events) {
      return reject(link, delivery,
                    {"amqp:decode-error", "the message cannot be read: " + events.error().message});
    }
    if (events->empty()) return link.settle(delivery, {});
    const int turn = static_cast<int>(turn_++ % static_cast<unsigned>(entity_.partitions));
    auto open = std::make_shared<std::pair<std::size_t, bool>>(events->size(), true);
    const auto done = [held = link.weak_from_this(), delivery, open](bool stored) {
      open->second = open->second && stored;
      if (--open->first > 0) return;
      const auto target = held.lock();
      if (!target) return;
      if (open->second) return target->settle(delivery, {});
      reject(*target, delivery, {std::string(amqp::kInternal), "the events could not be stored"});
    };
    for (event_hubs::Event& event : *events) {
      const int partition = partition_ ? *partition_
                            : event.partition_key.empty()
                                ? turn
                                : event_hubs::partition_of(event.partition_key, entity_.partitions);
      event.enqueued = services_.clock.now();
      services_.store->append(entity_.log, partition, std::move(event), entity_.retention, done);
    }
  }

 private:
  static void reject(amqp::Link& link, std::uint64_t delivery, amqp::Refusal refusal) {
    link.settle(delivery, {amqp::Settlement::State::rejected, std::move(refusal)});
  }

  const EventServices& services_;
  EventEntity entity_;
  std::optional<int> partition_;
  unsigned turn_ = 0;
};

class ConsumerNode final : public amqp::Node {
 public:
  ConsumerNode(const EventServices& services, ConsumerOptions options)
      : services_(services), readers_(services.readers), options_(std::move(options)) {}
  ~ConsumerNode() override { readers_->leave(options_.seat, link_); }

  void attached(amqp::Link& link) override {
    link_ = &link;
    const auto entered = readers_->enter(options_.seat, link.shared_from_this(), options_.epoch);
    if (!entered) return link.detach(entered.error());
    watch_ =
        services_.store->watch(options_.log, options_.partition, [held = link.weak_from_this()] {
          if (const auto target = held.lock()) target->wake();
        });
  }

  void ready(amqp::Link& link) override {
    while (link.can_send()) {
      auto events =
          services_.store->read(options_.log, options_.partition, options_.after, kReadAtOnce);
      if (!events) {
        ferry::log::error("event_hubs", "read events: {}", events.error().describe());
        return link.detach({std::string(amqp::kInternal), "the events cannot be read"});
      }
      if (events->empty()) return;
      std::optional<event_hubs::PartitionState> state;
      if (options_.with_metric) {
        auto known = services_.store->state(options_.log, options_.partition);
        if (known) state = *known;
      }
      for (const event_hubs::StoredEvent& stored : *events) {
        if (!link.can_send()) return;
        // Settled by us: a reader keeps its own position.
        const std::string message =
            encode_event(stored, state ? &*state : nullptr, services_.clock.now());
        link.send(message, link.peer_settles() ? fmt::format("e{}", stored.sequence) : "");
        options_.after = stored.sequence;
      }
    }
  }

 private:
  const EventServices& services_;
  std::shared_ptr<Readers> readers_;
  ConsumerOptions options_;
  const amqp::Link* link_ = nullptr;
  event_hubs::EventStore::Watch watch_;
};

}  // namespace

std::unique_ptr<amqp::Node> make_producer_node(const EventServices& services, EventEntity entity,
                                               std::optional<int> partition) {
  return std::make_unique<ProducerNode>(services, std::move(entity), partition);
}

std::unique_ptr<amqp::Node> make_consumer_node(const EventServices& services,
                                               ConsumerOptions options) {
  return std::make_unique<ConsumerNode>(services, std::move(options));
}

}  // namespace drydock::messaging
