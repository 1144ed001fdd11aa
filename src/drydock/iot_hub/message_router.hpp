// SPDX-License-Identifier: Apache-2.0
// Takes what devices send, and what a hub tells about them, where the hub's routes lead: to the
// built-in endpoint and to event hubs. Keeps count of messages and of how sending goes.
#pragma once

#include <deque>
#include <map>

#include "drydock/directory.hpp"
#include "drydock/event_hubs/endpoint.hpp"
#include "drydock/iot_hub/hub_event.hpp"
#include "drydock/iot_hub/routing.hpp"

namespace drydock::iot_hub {

struct TelemetryMessage {
  std::string hub;  // lower case
  std::string device;
  std::string module;  // empty for a message of the device itself
  std::string generation_id;
  std::string authentication;  // "sas" or "x509"
  std::string properties;      // the property bag as it stood in the topic
  std::string body;
  ferry::Timestamp enqueued;
};

// Where the events of a hub's built-in endpoint are kept in the store.
event_hubs::HubName built_in_log(std::string_view hub);

class MessageRouter final : public HubListener {
 public:
  // Everything referred to must outlive it.
  MessageRouter(const Directory& directory, const ferry::Clock& clock,
                std::shared_ptr<event_hubs::EventStore> events);

  // Stores the message at all its endpoints, then calls `done`, in the order of the calls. A
  // message that no route takes while the fallback is off, and one for an endpoint that cannot be
  // reached, are lost and count as stored, as on Azure. `twin` may be null.
  void deliver(TelemetryMessage message, const Twin* twin, std::function<void(bool stored)> done);
  // Events go only where a route for their source leads: the fallback is for messages of devices.
  bool wants(const std::string& hub, HubEvent::Kind kind) override;
  void happened(HubEvent event, const Twin* twin) override;

  std::int64_t messages_today(std::string_view hub) const;
  EndpointRecord endpoint_record(std::string_view hub, std::string_view endpoint) const;
  void forget(std::string_view hub);

 private:
  struct Delivery {
    int open = 1;  // endpoints that have not answered, and one until all have been asked
    bool stored = true;
    std::function<void(bool)> done;
  };
  struct Day {
    std::int64_t number = 0;
    std::int64_t messages = 0;
  };
  struct CompiledTable {
    std::optional<std::uint64_t> version;
    std::string name;  // the hub's, as it was created
    std::shared_ptr<const routing::Table> table;
    event_hubs::Target built_in;
  };
  struct Outgoing {
    std::string hub;
    std::string_view source;
    routing::Message view;
    event_hubs::Event event;  // without what enrichments add
  };

  const CompiledTable& table_of(const std::string& hub);
  void route(const Outgoing& message, std::function<void(bool)> done);
  std::optional<event_hubs::Target> find_target(const CompiledTable& compiled,
                                                const Outgoing& message,
                                                const std::string& endpoint);
  void answered(const std::shared_ptr<Delivery>& delivery, bool stored);
  void count(const TelemetryMessage& message);

  const Directory& directory_;
  const ferry::Clock& clock_;
  std::shared_ptr<event_hubs::EventStore> events_;
  std::map<std::string, CompiledTable, std::less<>> tables_;
  std::deque<std::shared_ptr<Delivery>> deliveries_;  // in the order in which they are answered
  std::map<std::string, Day, std::less<>> days_;
  std::map<std::pair<std::string, std::string>, EndpointRecord> records_;
};

}  // namespace drydock::iot_hub
