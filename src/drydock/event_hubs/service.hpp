// SPDX-License-Identifier: Apache-2.0
// Drydock's Event Hubs: keeps the events and lets them go with their event hub. Clients reach it by
// AMQP (drydock/messaging), IoT hubs by their routes.
#pragma once

#include "drydock/directory.hpp"
#include "drydock/event_hubs/store.hpp"

namespace drydock::event_hubs {

class EventHubsService final : public ResourceObserver {
 public:
  // Keeps event_hubs.db in `data`, which must exist.
  static ferry::Result<std::unique_ptr<EventHubsService>> open(ferry::net::Executor executor,
                                                               const std::filesystem::path& data);

  const std::shared_ptr<EventStore>& store() const { return store_; }
  void on_deleted(ResourceKind kind, std::string_view name) override;

 private:
  explicit EventHubsService(std::shared_ptr<EventStore> store) : store_(std::move(store)) {}
  std::shared_ptr<EventStore> store_;
};

}  // namespace drydock::event_hubs
