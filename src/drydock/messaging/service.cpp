// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/service.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "drydock/amqp/connection.hpp"
#include "drydock/messaging/hub_container.hpp"

namespace drydock::messaging {

using ferry::equals_ignore_case;

namespace {

void add_policies(const std::vector<SharedAccessPolicy>& rules, const std::string& path,
                  std::vector<ScopedPolicy>& policies) {
  for (const SharedAccessPolicy& rule : rules) {
    policies.push_back({path, rule, rights_of(rule.rights)});
  }
}

class Namespace final : public EventSpace {
 public:
  Namespace(const Directory& directory, std::string name)
      : directory_(directory), name_(std::move(name)) {}

  std::optional<EventEntity> find(std::string_view name) const override {
    const auto space = directory_.find_event_hub_namespace(name_);
    if (!space) return std::nullopt;
    for (const EventHubInfo& hub : space->event_hubs) {
      if (!equals_ignore_case(hub.name, name)) continue;
      EventEntity entity;
      entity.name = hub.name;
      entity.id = space->id;
      entity.log = {space->name, hub.name};
      entity.partitions = hub.partitions;
      entity.retention = std::chrono::hours(hub.retention_hours);
      entity.consumer_groups = hub.consumer_groups;
      entity.created = hub.created;
      return entity;
    }
    return std::nullopt;
  }

  std::vector<ScopedPolicy> policies() const override {
    std::vector<ScopedPolicy> policies;
    const auto space = directory_.find_event_hub_namespace(name_);
    if (!space || !space->local_auth) return policies;
    for (const EventHubInfo& hub : space->event_hubs) {
      add_policies(hub.rules, ferry::to_lower(hub.name), policies);
    }
    add_policies(space->rules, "", policies);
    return policies;
  }

 private:
  const Directory& directory_;
  std::string name_;
};

class BuiltIn final : public EventSpace {
 public:
  BuiltIn(const Directory& directory, std::string hub)
      : directory_(directory), hub_(std::move(hub)) {}

  std::optional<EventEntity> find(std::string_view name) const override {
    const auto hub = directory_.find_hub(hub_);
    if (!hub || !equals_ignore_case(hub->events.path, name)) return std::nullopt;
    EventEntity entity;
    entity.name = hub->events.path;
    entity.log = iot_hub::built_in_log(hub->name);
    entity.partitions = hub->events.partitions;
    entity.retention = std::chrono::hours(hub->events.retention_hours);
    entity.consumer_groups = hub->events.consumer_groups;
    entity.created = hub->created;
    entity.takes_events = false;
    return entity;
  }

  std::vector<ScopedPolicy> policies() const override {
    std::vector<ScopedPolicy> policies;
    const auto hub = directory_.find_hub(hub_);
    if (!hub) return policies;
    for (const SharedAccessPolicy& policy : hub->policies) {
      if (policy.rights.find("ServiceConnect") == std::string::npos) continue;
      policies.push_back({"", policy, kListen, true});
    }
    return policies;
  }

 private:
  const Directory& directory_;
  std::string hub_;
};

}  // namespace

MessagingService::MessagingService(const Directory& directory, const TokenVerifier& verifier,
                                   const ferry::Clock& clock,
                                   std::shared_ptr<event_hubs::EventStore> store,
                                   iot_hub::IotHubService& hubs, const Endpoints& endpoints)
    : services_{directory, verifier, clock, std::move(store), std::make_shared<Readers>()},
      hubs_(hubs),
      endpoints_(endpoints) {}

std::unique_ptr<amqp::Container> MessagingService::find_container(std::string_view host) const {
  if (const auto name = name_from_host(host, Endpoints::kServiceBusSuffix)) {
    if (services_.directory.find_event_hub_namespace(*name)) {
      return std::make_unique<EventsContainer>(
          services_, std::make_unique<Namespace>(services_.directory, *name));
    }
    if (const auto hub = services_.directory.find_hub_by_namespace(*name)) {
      return std::make_unique<EventsContainer>(
          services_, std::make_unique<BuiltIn>(services_.directory, hub->name));
    }
  }
  if (const auto name = name_from_host(host, Endpoints::kHubSuffix)) {
    if (services_.directory.find_hub(*name)) {
      return std::make_unique<HubContainer>(services_.directory, services_.verifier,
                                            services_.clock, hubs_, endpoints_, *name);
    }
  }
  return nullptr;
}

ferry::net::Task<void> MessagingService::serve(std::unique_ptr<ferry::net::Stream> stream,
                                               std::string host) {
  co_await amqp::Connection::serve(std::move(stream), std::move(host), services_.clock,
                                   [this](std::string_view name) { return find_container(name); });
}

}  // namespace drydock::messaging
