// SPDX-License-Identifier: Apache-2.0
// Takes the messages of devices where their hub's routes lead: to the log behind the built-in
// endpoint and to event hubs. Keeps count of messages and of how sending goes.
#pragma once

#include <deque>
#include <map>

#include "drydock/directory.hpp"
#include "drydock/event_hubs/endpoint.hpp"
#include "drydock/iot_hub/routing.hpp"
#include "drydock/iot_hub/telemetry.hpp"

namespace drydock::iot_hub {

struct Twin;

class MessageRouter {
 public:
  // Everything referred to must outlive it.
  MessageRouter(const Directory& directory, const ferry::Clock& clock, TelemetryLog& telemetry);

  // Without it, event hubs cannot be reached.
  void send_to(std::shared_ptr<event_hubs::EventStore> events) { events_ = std::move(events); }

  // Stores the message at all its endpoints, then calls `done`, in the order of the calls. A
  // message that no route takes while the fallback is off, and one for an endpoint that cannot be
  // reached, are lost and count as stored, as on Azure. `twin` may be null.
  void deliver(TelemetryMessage message, const Twin* twin, std::function<void(bool stored)> done);

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
    std::shared_ptr<const routing::Table> table;
  };

  std::shared_ptr<const routing::Table> table_of(const std::string& hub);
  bool send_to_event_hub(const routing::Table& table, const std::string& endpoint,
                         const TelemetryMessage& message, const routing::Message& view,
                         const std::shared_ptr<Delivery>& delivery);
  void answered(const std::shared_ptr<Delivery>& delivery, bool stored);
  void count(const TelemetryMessage& message);

  const Directory& directory_;
  const ferry::Clock& clock_;
  TelemetryLog& telemetry_;
  std::shared_ptr<event_hubs::EventStore> events_;
  std::map<std::string, CompiledTable, std::less<>> tables_;
  std::deque<std::shared_ptr<Delivery>> deliveries_;  // in the order in which they are answered
  std::map<std::string, Day, std::less<>> days_;
  std::map<std::pair<std::string, std::string>, EndpointRecord> records_;
};

}  // namespace drydock::iot_hub
