// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/message_router.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "drydock/event_hubs/partition.hpp"
#include "drydock/iot_hub/twin.hpp"

namespace drydock::iot_hub {

namespace {

std::int64_t day_of(ferry::Timestamp time) {
  return ferry::unix_seconds(time) / 86'400;
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
  if (twin != nullptr) {
    view.twin = {{"tags", twin->tags},
                 {"properties", json::object{{"desired", twin->desired.values},
                                             {"reported", twin->reported.values}}}};
  }
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

}  // namespace

MessageRouter::MessageRouter(const Directory& directory, const ferry::Clock& clock,
                             TelemetryLog& telemetry)
    : directory_(directory), clock_(clock), telemetry_(telemetry) {}

std::shared_ptr<const routing::Table> MessageRouter::table_of(const std::string& hub) {
  CompiledTable& compiled = tables_[hub];
  const auto version = directory_.version();
  if (compiled.table && version && compiled.version == version) return compiled.table;
  const auto info = directory_.find_hub(hub);
  compiled.table = std::make_shared<routing::Table>(info ? info->routing : HubRouting());
  compiled.version = version;
  return compiled.table;
}

void MessageRouter::deliver(TelemetryMessage message, const Twin* twin,
                            std::function<void(bool)> done) {
  count(message);
  const auto table = table_of(message.hub);
  const routing::Message view = view_of(message, twin);
  auto delivery = std::make_shared<Delivery>();
  delivery->done = std::move(done);
  deliveries_.push_back(delivery);
  for (const std::string& endpoint : table->endpoints_of(routing::kDeviceMessages, view)) {
    if (endpoint != routing::kBuiltIn) {
      if (send_to_event_hub(*table, endpoint, message, view, delivery)) ++delivery->open;
      continue;
    }
    TelemetryMessage copy = message;
    for (const auto& [key, value] : table->enrichments_of(endpoint, message.hub, view)) {
      if (!copy.properties.empty()) copy.properties += '&';
      copy.properties += ferry::percent_encode(key) + "=" + ferry::percent_encode(value);
    }
    ++delivery->open;
    telemetry_.append(std::move(copy),
                      [this, delivery](bool stored) { answered(delivery, stored); });
  }
  answered(delivery, true);
}

bool MessageRouter::send_to_event_hub(const routing::Table& table, const std::string& endpoint,
                                      const TelemetryMessage& message, const routing::Message& view,
                                      const std::shared_ptr<Delivery>& delivery) {
  EndpointRecord& record = records_[{message.hub, endpoint}];
  const ferry::Timestamp now = clock_.now();
  record.last_attempt = now;
  const RoutingEndpoint* where = table.find_endpoint(endpoint);
  const auto find = [this](std::string_view name) {
    return directory_.find_event_hub_namespace(name);
  };
  const auto may_send = [this](std::string_view principal, std::string_view scope) {
    return directory_.grants_data_action(principal, scope, event_hubs::kSendAction);
  };
  auto target = where != nullptr && events_
                    ? event_hubs::resolve(*where, find, may_send)
                    : ferry::Result<event_hubs::Target>(
                          ferry::fail(ferry::Code::not_found, "there is no such endpoint"));
  if (!target) {
    if (!record.failing_since) {
      record.failing_since = now;
      ferry::log::warning("iot_hub", "hub {}: messages to endpoint {} are lost: {}", message.hub,
                          endpoint, target.error().describe());
    }
    return false;
  }
  record.failing_since.reset();
  record.last_success = now;
  event_hubs::Event event;
  event.partition_key = message.device;
  event.properties = view.application;
  for (const auto& [key, value] : table.enrichments_of(endpoint, message.hub, view)) {
    event.properties[key] = value;
  }
  event.system = annotations_of(message, view);
  event.body = message.body;
  event.enqueued = now;
  const int partition = event_hubs::partition_of(message.device, target->partitions);
  events_->append(target->name, partition, std::move(event), target->retention,
                  [this, delivery](bool stored) { answered(delivery, stored); });
  return true;
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
