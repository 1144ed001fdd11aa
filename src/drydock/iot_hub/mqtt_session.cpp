// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/mqtt_session.hpp"

#include <charconv>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "drydock/iot_hub/device_messages.hpp"

namespace drydock::iot_hub {
namespace {

namespace mqtt = ferry::net::mqtt;
using ferry::Code;
using ferry::fail;

constexpr std::string_view kTwinGet = "$iothub/twin/GET/";
constexpr std::string_view kTwinReport = "$iothub/twin/PATCH/properties/reported/";
constexpr std::string_view kMethodAnswer = "$iothub/methods/res/";
constexpr std::string_view kDesired = "$iothub/twin/PATCH/properties/desired/";
constexpr std::string_view kMethods = "$iothub/methods/POST/";
constexpr std::size_t kMessageLimit = 256 * 1024;
constexpr std::chrono::seconds kLongestPatience{1767};  // the hub's ceiling for keep-alive x 1.5
constexpr std::size_t kSubscriptionLimit = 16;

// The value of `$rid` in "...?$rid=1&x=y", as it stands.
std::string_view request_id(std::string_view topic) {
  const std::size_t question = topic.find("?$rid=");
  if (question == std::string_view::npos) return {};
  topic.remove_prefix(question + 6);
  return topic.substr(0, topic.find('&'));
}

std::string prefix_of(const EntityKey& key) {
  std::string prefix = fmt::format("devices/{}/", key.device);
  if (!key.module.empty()) prefix += fmt::format("modules/{}/", key.module);
  return prefix;
}

}  // namespace

ferry::Result<MqttUserName> parse_mqtt_user_name(std::string_view text) {
  std::vector<std::string> parts = ferry::split(text, '/');
  const bool known_shape = parts.size() == 3 || parts.size() == 4;
  if (!known_shape || parts.back().find("api-version=") == std::string::npos) {
    return fail(Code::invalid_argument,
                "the MQTT user name is not {{host}}/{{device}}[/{{module}}]/?api-version=...");
  }
  MqttUserName name{ferry::to_lower(parts[0]), {parts[1], parts.size() == 4 ? parts[2] : ""}};
  name.host = name.host.substr(0, name.host.find(':'));
  return name;
}

MqttSession::MqttSession(std::shared_ptr<Hub> hub, EntityKey key, DeviceProof proof,
                         std::shared_ptr<MqttLink> link, MessageRouter& router,
                         MethodCalls& methods)
    : hub_(std::move(hub)),
      key_(std::move(key)),
      proof_(std::move(proof)),
      link_(std::move(link)),
      router_(router),
      methods_(methods),
      events_topic_(prefix_of(key_) + "messages/events/") {
  if (const Entity* entity = hub_->find(key_)) generation_id_ = entity->identity.generation_id;
  if (proof_.expiry) {
    const std::int64_t left = *proof_.expiry - ferry::unix_seconds(hub_->now());
    token_end_ = std::chrono::steady_clock::now() +
                 std::chrono::seconds(std::clamp<std::int64_t>(left, 0, 366 * 86'400));
  }
}

MqttSession::~MqttSession() {
  hub_->detach(key_, *this);
  // For the connection that comes after this one.
  for (const auto& [id, lock] : unacknowledged_) hub_->messages()->release(lock);
}

bool MqttSession::accepts_will(const mqtt::Message& will) const {
  return will.topic.starts_with(events_topic_) && will.payload.size() <= kMessageLimit;
}

ferry::net::SteadyTime MqttSession::next_deadline() const {
  const auto silence = std::chrono::steady_clock::now() + patience_;
  return token_end_ ? std::min(silence, *token_end_) : silence;
}

ferry::net::Task<void> MqttSession::run(mqtt::Connect connect) {
  const auto link = link_;
  patience_ =
      connect.keep_alive == 0
          ? kLongestPatience
          : std::min(kLongestPatience, std::chrono::seconds(connect.keep_alive * 3 / 2 + 1));
  while (!link->is_closed()) {
    auto packet = co_await link->read(next_deadline());
    if (!packet) {
      ferry::log::info("iot_hub", "device {}: {}", key_.device, packet.error().describe());
      break;
    }
    if (!*packet) break;
    if (!handle(**std::move(packet))) break;
  }
  if (!disconnected_ && connect.will) store_will(*connect.will);
  co_await link->close_after_sending();
}

bool MqttSession::handle(mqtt::Packet packet) {
  if (auto* publish = std::get_if<mqtt::Publish>(&packet)) {
    return handle_publish(std::move(*publish));
  }
  if (std::holds_alternative<mqtt::Pingreq>(packet)) {
    link_->send(mqtt::Pingresp{});
    return true;
  }
  if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&packet)) {
    handle_subscribe(*subscribe);
    return true;
  }
  if (const auto* unsubscribe = std::get_if<mqtt::Unsubscribe>(&packet)) {
    for (const std::string& filter : unsubscribe->filters) {
      std::erase_if(filters_, [&](const auto& known) { return known.filter == filter; });
    }
    link_->send(mqtt::Unsuback{unsubscribe->packet_id});
    return true;
  }
  if (const auto* puback = std::get_if<mqtt::Puback>(&packet)) {
    handle_puback(puback->packet_id);
    return true;
  }
  disconnected_ = std::holds_alternative<mqtt::Disconnect>(packet);
  return false;
}

void MqttSession::acknowledge(std::uint16_t packet_id) {
  if (packet_id != 0) link_->send(mqtt::Puback{packet_id});
}

bool MqttSession::handle_publish(mqtt::Publish publish) {
  if (publish.message.qos == mqtt::QoS::exactly_once) return false;  // as the hub does
  const std::string_view topic = publish.message.topic;
  if (topic.starts_with(events_topic_)) return handle_telemetry(std::move(publish));
  if (topic.starts_with(kTwinReport)) return handle_report(publish);
  if (topic.starts_with(kTwinGet)) return handle_twin_read(publish);
  if (topic.starts_with(kMethodAnswer)) return handle_method_answer(publish);
  ferry::log::info("iot_hub", "device {} published to a topic that is not its own", key_.device);
  return false;
}

bool MqttSession::handle_telemetry(mqtt::Publish publish) {
  std::string properties = publish.message.topic.substr(events_topic_.size());
  if (properties.ends_with('/')) properties.pop_back();
  if (publish.message.retain)
    properties += properties.empty() ? "mqtt-retain=true" : "&mqtt-retain=true";
  if (properties.size() + publish.message.payload.size() > kMessageLimit) return false;
  auto message = telemetry_message(std::move(properties), std::move(publish.message.payload));
  Entity* entity = hub_->find(key_);
  if (entity) entity->last_activity = message.enqueued;
  router_.deliver(std::move(message), entity ? &entity->twin : nullptr,
                  [link = link_, id = publish.packet_id](bool stored) {
                    // Without PUBACK the device sends again; with the connection closed it does
                    // so at once.
                    if (!stored) {
                      link->close();
                    } else if (id != 0) {
                      link->send(mqtt::Puback{id});
                    }
                  });
  return true;
}

TelemetryMessage MqttSession::telemetry_message(std::string properties, std::string body) const {
  return {hub_->name(),  key_.device,           key_.module,     generation_id_,
          proof_.method, std::move(properties), std::move(body), hub_->now()};
}

void MqttSession::store_will(const mqtt::Message& will) {
  std::string properties = will.topic.substr(events_topic_.size());
  properties += properties.empty() ? "iothub-MessageType=Will" : "&iothub-MessageType=Will";
  const Entity* entity = hub_->find(key_);
  router_.deliver(telemetry_message(std::move(properties), will.payload),
                  entity ? &entity->twin : nullptr, [](bool) {});
}

bool MqttSession::handle_twin_read(const mqtt::Publish& publish) {
  const Entity* entity = hub_->find(key_);
  if (!entity) return false;
  acknowledge(publish.packet_id);
  const json::object body{{"desired", section_with_version(entity->twin.desired)},
                          {"reported", section_with_version(entity->twin.reported)}};
  link_->send_publish(
      fmt::format("$iothub/twin/res/200/?$rid={}", request_id(publish.message.topic)),
      json::serialize(body));
  return true;
}

bool MqttSession::handle_report(const mqtt::Publish& publish) {
  Entity* entity = hub_->find(key_);
  if (!entity) return false;
  const std::string rid(request_id(publish.message.topic));
  const auto refuse_with = [&](const Refusal& refusal) {
    acknowledge(publish.packet_id);
    // The size error is the one that the hub answers with status 400 over MQTT.
    const int status = refusal.number == 403100 ? 400 : refusal.status();
    link_->send_publish(fmt::format("$iothub/twin/res/{}/?$rid={}", status, rid),
                        mqtt_error_body(refusal, hub_->now()));
    return true;
  };
  const auto patch = ferry::parse_json_object(publish.message.payload);
  if (!patch) return refuse_with({400006, "the patch is not a JSON object"});
  const auto version = hub_->report(*entity, *patch);
  if (!version) return refuse_with(version.error());
  hub_->commit_soon([link = link_, id = publish.packet_id, rid, version = *version](bool saved) {
    if (id != 0 && saved) link->send(mqtt::Puback{id});
    link->send_publish(saved
                           ? fmt::format("$iothub/twin/res/204/?$rid={}&$version={}", rid, version)
                           : fmt::format("$iothub/twin/res/500/?$rid={}", rid),
                       "");
  });
  return true;
}

bool MqttSession::handle_method_answer(const mqtt::Publish& publish) {
  acknowledge(publish.packet_id);
  std::string_view rest = std::string_view(publish.message.topic).substr(kMethodAnswer.size());
  int status = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), status);
  if (parsed.ec != std::errc()) return false;
  methods_.complete(*hub_, key_, std::string(request_id(rest)), status, publish.message.payload);
  return true;
}

bool MqttSession::may_subscribe(std::string_view filter) const {
  const std::string own = prefix_of(key_);
  const auto below = [&](std::string_view prefix) {
    return filter.starts_with(prefix) && filter.size() > prefix.size();
  };
  if (below("$iothub/twin/res/") || below(kDesired) || below(kMethods)) return true;
  if (key_.module.empty()) return below(own + "messages/devicebound/");
  return below(own);
}

void MqttSession::handle_subscribe(const mqtt::Subscribe& subscribe) {
  mqtt::Suback suback{subscribe.packet_id, {}};
  for (const mqtt::TopicFilter& wanted : subscribe.filters) {
    if (!may_subscribe(wanted.filter) || filters_.size() >= kSubscriptionLimit) {
      suback.codes.push_back(mqtt::kSubscriptionRefused);
      continue;
    }
    const auto granted = std::min(wanted.qos, mqtt::QoS::at_least_once);
    std::erase_if(filters_, [&](const auto& known) { return known.filter == wanted.filter; });
    filters_.push_back({wanted.filter, granted});
    suback.codes.push_back(static_cast<std::uint8_t>(granted));
  }
  link_->send(suback);
  messages_waiting();
}

void MqttSession::messages_waiting() {
  if (!key_.module.empty() || link_->is_closed()) return;
  const std::string topic = prefix_of(key_) + "messages/devicebound/x";
  const auto subscribed = std::ranges::find_if(filters_, [&](const mqtt::TopicFilter& known) {
    return mqtt::topic_matches(known.filter, topic);
  });
  if (subscribed == filters_.end()) return;
  const mqtt::QoS qos = subscribed->qos;
  while (!link_->is_closed() && unacknowledged_.size() < CloudToDevice::kQueueLimit) {
    auto next = hub_->messages()->lock_next(hub_->name(), key_.device);
    if (!next || !*next || !deliver(**next, qos)) return;
  }
}

// Settled at once with QoS 0, else by its PUBACK.
bool MqttSession::deliver(const LockedMessage& message, mqtt::QoS qos) {
  const std::string topic = devicebound_topic(key_.device, message);
  Outcome<void> settled;
  if (qos == mqtt::QoS::at_most_once) {
    link_->send_publish(topic, message.message.body);
    settled = hub_->messages()->complete(message.lock_token);
  } else {
    const std::uint16_t id = next_packet_id();
    if (link_->send_publish(topic, message.message.body, id)) {
      unacknowledged_[id] = message.lock_token;
    } else {
      settled = hub_->messages()->reject(message.lock_token);
    }
  }
  return settled.has_value();
}

std::uint16_t MqttSession::next_packet_id() {
  do {
    ++last_packet_id_;
  } while (last_packet_id_ == 0 || unacknowledged_.contains(last_packet_id_));
  return last_packet_id_;
}

void MqttSession::handle_puback(std::uint16_t packet_id) {
  const auto found = unacknowledged_.find(packet_id);
  if (found == unacknowledged_.end()) return;
  const std::string lock = std::move(found->second);
  unacknowledged_.erase(found);
  // A lock that was lost meanwhile means that the message comes once more.
  [[maybe_unused]] const auto completed = hub_->messages()->complete(lock);
}

bool MqttSession::is_subscribed(std::string_view topic) const {
  return std::any_of(filters_.begin(), filters_.end(),
                     [&](const auto& known) { return mqtt::topic_matches(known.filter, topic); });
}

void MqttSession::desired_changed(const json::object& patch, std::int64_t version) {
  const std::string topic = fmt::format("{}?$version={}", kDesired, version);
  if (!is_subscribed(topic)) return;
  json::object body = patch;
  body["$version"] = version;
  link_->send_publish(topic, json::serialize(body));
}

bool MqttSession::accepts_methods() const {
  return is_subscribed(fmt::format("{}any/?$rid=1", kMethods));
}

void MqttSession::call_method(std::string_view name, std::string_view call_id,
                              std::string_view payload) {
  link_->send_publish(fmt::format("{}{}/?$rid={}", kMethods, name, call_id), payload);
}

void MqttSession::close(std::string_view reason) {
  ferry::log::info("iot_hub", "device {}: disconnected, {}", key_.device, reason);
  link_->close();
}

}  // namespace drydock::iot_hub
