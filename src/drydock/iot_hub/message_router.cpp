// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/message_router.hpp"

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "drydock/event_hubs/partition.hpp"
#include "drydock/iot_hub/twin.hpp"

namespace drydock::iot_hub {

namespace {

std::int64_t day_of(ferry::Timestamp time) {
  return ferry::unix_seconds(time) / 86'400;
}

json::object twin_view(const Twin* twin) {
  if (twin == nullptr) return {};
  return {{"tags", twin->tags},
          {"properties",
           json::object{{"desired", twin->desired.values}, {"reported", twin->reported.values}}}};
}

routing::Message view_of(const TelemetryMessage& message, const Twin* twin) {
  routing::Message view;
  routing::read_property_bag(message.properties, view);
  view.system["connectionDeviceId"] = message.device;
  if (!message.module.empty()) view.system["connectionModuleId"] = message.module;
  view.system["connectionAuthMethod"] = message.authentication;
  view.system["connectionDeviceGenerationId"] = message.generation_id;
  view.system["enqueuedTime"] = ferry::format_rfc3339(message.enqueued);
  view.body = message.body;
  view.twin = twin_view(twin);
  return view;
}

// {"scope":"device","type":"sas","issuer":"iothub"}
std::string auth_method_json(const TelemetryMessage& message) {
  const bool x509 = message.authentication == "x509";
  return json::serialize(json::object{{"scope", message.module.empty() ? "device" : "module"},
                                      {"type", x509 ? "x509" : "sas"},
                                      {"issuer", x509 ? "external" : "iothub"}});
}

// What readers of event hubs get beside the application properties.
json::object annotations_of(const TelemetryMessage& message, const routing::Message& view) {
  json::object system{{"iothub-connection-device-id", message.device},
                      {"iothub-connection-auth-method", auth_method_json(message)},
                      {"iothub-connection-auth-generation-id", message.generation_id},
                      {"iothub-enqueuedtime", ferry::format_rfc3339(message.enqueued)},
                      {"iothub-message-source", "Telemetry"}};
  if (!message.module.empty()) system["iothub-connection-module-id"] = message.module;
  static constexpr std::pair<std::string_view, std::string_view> kProperties[] = {
      {"messageId", "message-id"},
      {"correlationId", "correlation-id"},
      {"userId", "user-id"},
      {"contentType", "content-type"},
      {"contentEncoding", "content-encoding"}};
  for (const auto& [name, amqp] : kProperties) {
    if (const json::value* value = view.system.if_contains(name)) system[amqp] = *value;
  }
  return system;
}

// The hub's own properties of such events ("IoT Hub non-telemetry event schemas").
struct EventKind {
  std::string_view route_source;
  std::string_view message_source;
  std::string_view schema;
};
EventKind kind_of(HubEvent::Kind kind) {
  switch (kind) {
    case HubEvent::Kind::twin_change:
      return {"TwinChangeEvents", "twinChangeEvents", "twinChangeNotification"};
    case HubEvent::Kind::lifecycle:
      return {"DeviceLifecycleEvents", "deviceLifecycleEvents", "deviceLifecycleNotification"};
    case HubEvent::Kind::connection_state:
      return {"DeviceConnectionStateEvents", "deviceConnectionStateEvents",
              "deviceConnectionStateNotification"};
  }
  FERRY_CHECK(false);
}

}  // namespace

event_hubs::HubName built_in_log(std::string_view hub) {
  // No namespace has such a name.
  return {fmt::format("iothub:{}", ferry::to_lower(hub)), "events"};
}

MessageRouter::MessageRouter(const Directory& directory, const ferry::Clock& clock,
                             std::shared_ptr<event_hubs::EventStore> events)
    : directory_(directory), clock_(clock), events_(std::move(events)) {}

const MessageRouter::CompiledTable& MessageRouter::table_of(const std::string& hub) {
  CompiledTable& compiled = tables_[hub];
  const auto version = directory_.version();
  if (compiled.table && version && compiled.version == version) return compiled;
  const HubInfo info = directory_.find_hub(hub).value_or(HubInfo());
  compiled.name = info.name;
  compiled.table = std::make_shared<routing::Table>(info.routing);
  compiled.built_in = {built_in_log(hub), info.events.partitions,
                       std::chrono::hours(info.events.retention_hours)};
  compiled.version = version;
  return compiled;
}

void MessageRouter::deliver(TelemetryMessage message, const Twin* twin,
                            std::function<void(bool)> done) {
  count(message);
  Outgoing outgoing;
  outgoing.hub = message.hub;
  outgoing.source = routing::kDeviceMessages;
  outgoing.view = view_of(message, twin);
  outgoing.event.partition_key = message.device;
  outgoing.event.system = annotations_of(message, outgoing.view);
  outgoing.event.body = std::move(message.body);
  route(outgoing, std::move(done));
}

bool MessageRouter::wants(const std::string& hub, HubEvent::Kind kind) {
  return table_of(hub).table->has_route_for(kind_of(kind).route_source);
}

void MessageRouter::happened(HubEvent event, const Twin* twin) {
  const EventKind kind = kind_of(event.kind);
  const std::string hub_name = table_of(event.hub).name;
  Outgoing outgoing;
  outgoing.hub = event.hub;
  outgoing.source = kind.route_source;
  outgoing.view.application = {{"hubName", hub_name},
                               {"deviceId", event.key.device},
                               {"operationTimestamp", ferry::format_rfc3339(event.time)},
                               {"opType", event.operation},
                               {"iothub-message-schema", kind.schema}};
  const std::string correlation_id = ferry::random_uuid();
  outgoing.view.system = {{"contentType", "application/json"},
                          {"contentEncoding", "utf-8"},
                          {"correlationId", correlation_id},
                          {"userId", hub_name},
                          {"connectionDeviceId", event.key.device},
                          {"enqueuedTime", ferry::format_rfc3339(event.time)}};
  outgoing.view.body = json::serialize(event.body);
  outgoing.view.twin = twin_view(twin);
  json::object& system = outgoing.event.system;
  system = {{"content-type", "application/json"},
            {"content-encoding", "utf-8"},
            {"correlation-id", correlation_id},
            {"user-id", hub_name},
            {"iothub-connection-device-id", event.key.device},
            {"iothub-enqueuedtime", ferry::format_rfc3339(event.time)},
            {"iothub-message-source", kind.message_source}};
  if (!event.key.module.empty()) {
    outgoing.view.application["moduleId"] = event.key.module;
    outgoing.view.system["connectionModuleId"] = event.key.module;
    system["iothub-connection-module-id"] = event.key.module;
  }
  outgoing.event.partition_key = event.key.device;
  outgoing.event.body = outgoing.view.body;
  route(outgoing, [](bool) {});
}

void MessageRouter::route(const Outgoing& message, std::function<void(bool)> done) {
  const CompiledTable& compiled = table_of(message.hub);
  auto delivery = std::make_shared<Delivery>();
  delivery->done = std::move(done);
  deliveries_.push_back(delivery);
  for (const std::string& endpoint : compiled.table->endpoints_of(message.source, message.view)) {
    const auto target = find_target(compiled, message, endpoint);
    if (!target) continue;
    event_hubs::Event event = message.event;
    event.properties = message.view.application;
    const auto added = compiled.table->enrichments_of(endpoint, message.hub, message.view);
    for (const auto& [key, value] : added) event.properties[key] = value;
    event.enqueued = clock_.now();
    const int partition = event_hubs::partition_of(event.partition_key, target->partitions);
    ++delivery->open;
    events_->append(target->name, partition, std::move(event), target->retention,
                    [this, delivery](bool stored) { answered(delivery, stored); });
  }
  answered(delivery, true);
}

std::optional<event_hubs::Target> MessageRouter::find_target(const CompiledTable& compiled,
                                                             const Outgoing& message,
                                                             const std::string& endpoint) {
  if (endpoint == routing::kBuiltIn) return compiled.built_in;
  EndpointRecord& record = records_[{message.hub, endpoint}];
  const ferry::Timestamp now = clock_.now();
  record.last_attempt = now;
  const RoutingEndpoint* where = compiled.table->find_endpoint(endpoint);
  const auto find = [this](std::string_view name) {
    return directory_.find_event_hub_namespace(name);
  };
  const auto may_send = [this](std::string_view principal, std::string_view scope) {
    return directory_.grants_data_action(principal, scope, event_hubs::kSendAction);
  };
  auto target = where != nullptr ? event_hubs::resolve(*where, find, may_send)
                                 : ferry::Result<event_hubs::Target>(ferry::fail(
                                       ferry::Code::not_found, "there is no such endpoint"));
  if (!target) {
    if (!record.failing_since) {
      record.failing_since = now;
      ferry::log::warning("iot_hub", "hub {}: messages to endpoint {} are lost: {}", message.hub,
                          endpoint, target.error().describe());
    }
    return std::nullopt;
  }
  record.failing_since.reset();
  record.last_success = now;
  return *target;
}

// A device's acknowledgements come in the order of its messages [MQTT-4.6.0-2], whichever store is
// quicker.
void MessageRouter::answered(const std::shared_ptr<Delivery>& delivery, bool stored) {
  --delivery->open;
  delivery->stored = delivery->stored && stored;
  while (!deliveries_.empty() && deliveries_.front()->open == 0) {
    const auto first = deliveries_.front();
    deliveries_.pop_front();
    first->done(first->stored);
  }
}

void MessageRouter::count(const TelemetryMessage& message) {
  Day& day = days_[message.hub];
  const std::int64_t today = day_of(clock_.now());
  if (day.number != today) day = {today, 0};
  ++day.messages;
}

std::int64_t MessageRouter::messages_today(std::string_view hub) const {
  const auto day = days_.find(hub);
  const bool is_today = day != days_.end() && day->second.number == day_of(clock_.now());
  return is_today ? day->second.messages : 0;
}

EndpointRecord MessageRouter::endpoint_record(std::string_view hub,
                                              std::string_view endpoint) const {
  const auto found = records_.find({std::string(hub), std::string(endpoint)});
  return found == records_.end() ? EndpointRecord() : found->second;
}

void MessageRouter::forget(std::string_view hub) {
  const std::string name(hub);
  tables_.erase(name);
  days_.erase(name);
  std::erase_if(records_, [&](const auto& record) { return record.first.first == name; });
}

}  // namespace drydock::iot_hub
