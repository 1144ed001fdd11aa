// SPDX-License-Identifier: Apache-2.0
// Event Hubs over AMQP: one namespace, or the built-in endpoint of a hub, which looks the same to
// those who read it.
#pragma once

#include "drydock/amqp/request_reply.hpp"
#include "drydock/event_hubs/store.hpp"
#include "drydock/messaging/access.hpp"
#include "drydock/messaging/entity.hpp"
#include "drydock/messaging/readers.hpp"

namespace drydock::messaging {

// An event hub as it is at the moment.
struct EventEntity {
  std::string name;
  std::string id;  // Resource Manager's, for role assignments; empty: Entra's tokens do not count
  event_hubs::HubName log;
  int partitions = 4;
  std::chrono::hours retention{24};
  std::vector<std::string> consumer_groups;  // beside $Default
  ferry::Timestamp created;
  bool takes_events = true;
};

// A namespace as clients reach it.
class EventSpace {
 public:
  virtual ~EventSpace() = default;
  virtual std::optional<EventEntity> find(std::string_view hub) const = 0;
  virtual std::vector<ScopedPolicy> policies() const = 0;
};

// What all connections share. Belongs to one loop.
struct EventServices {
  const Directory& directory;
  const TokenVerifier& verifier;
  const ferry::Clock& clock;
  std::shared_ptr<event_hubs::EventStore> store;
  std::shared_ptr<Readers> readers;
};

class EventsContainer final : public amqp::Container {
 public:
  EventsContainer(const EventServices& services, std::unique_ptr<EventSpace> space)
      : services_(services), space_(std::move(space)) {}

  ClaimResult check_password(std::string_view user, const ferry::Secret& password) override;
  ClaimResult check_token(std::string_view type, std::string_view audience,
                          const ferry::Secret& token) override;
  amqp::Outcome<std::unique_ptr<amqp::Node>> attach(const amqp::AttachRequest& request,
                                                    const amqp::Claims& claims) override;
  amqp::Outcome<void> authorize(const amqp::AttachRequest& request,
                                const amqp::Claims& claims) override;

 private:
  struct Place {
    EntityAddress address;
    EventEntity entity;
  };
  amqp::Outcome<Place> find_place(const amqp::AttachRequest& request) const;
  // `wanted`: rights of which one is enough; `path`: what they are needed for.
  amqp::Outcome<void> allow(const EventEntity& entity, std::string_view path, unsigned wanted,
                            const amqp::Claims& claims) const;
  amqp::Outcome<std::unique_ptr<amqp::Node>> make_consumer(const Place& place,
                                                           const amqp::AttachRequest& request);
  amqp::Reply manage(const amqp::Message& request, const amqp::Claims& claims) const;
  amqp::Reply describe_partition(const EventEntity& entity, const amqp::Message& request) const;

  const EventServices& services_;
  std::unique_ptr<EventSpace> space_;
  std::shared_ptr<amqp::RequestReply> management_;
};

}  // namespace drydock::messaging
