// SPDX-License-Identifier: Apache-2.0
// One device or module connected over MQTT 3.1.1, after its credentials were accepted.
#pragma once

#include "drydock/iot_hub/authorization.hpp"
#include "drydock/iot_hub/message_router.hpp"
#include "drydock/iot_hub/methods.hpp"
#include "drydock/iot_hub/mqtt_link.hpp"

namespace drydock::iot_hub {

// "{host}/{device}[/{module}]/?api-version=...": as all SDKs send it, also without the '?'.
struct MqttUserName {
  std::string host;
  EntityKey key;
};
ferry::Result<MqttUserName> parse_mqtt_user_name(std::string_view text);

class MqttSession final : public DeviceSession {
 public:
  MqttSession(std::shared_ptr<Hub> hub, EntityKey key, DeviceProof proof,
              std::shared_ptr<MqttLink> link, MessageRouter& router, MethodCalls& methods);
  ~MqttSession() override;

  // Whether the will's topic is one that this device may publish to.
  bool accepts_will(const ferry::net::mqtt::Message& will) const;
  // Until the connection ends. The session must be attached to its entity before.
  ferry::net::Task<void> run(ferry::net::mqtt::Connect connect);

  void desired_changed(const json::object& patch, std::int64_t version) override;
  bool accepts_methods() const override;
  void call_method(std::string_view name, std::string_view call_id,
                   std::string_view payload) override;
  void messages_waiting() override;
  void close(std::string_view reason) override;

 private:
  ferry::net::SteadyTime next_deadline() const;
  bool handle(ferry::net::mqtt::Packet packet);  // false ends the connection
  bool handle_publish(ferry::net::mqtt::Publish publish);
  bool handle_twin_read(const ferry::net::mqtt::Publish& publish);
  bool handle_report(const ferry::net::mqtt::Publish& publish);
  bool handle_method_answer(const ferry::net::mqtt::Publish& publish);
  bool handle_telemetry(ferry::net::mqtt::Publish publish);
  void handle_subscribe(const ferry::net::mqtt::Subscribe& subscribe);
  bool may_subscribe(std::string_view filter) const;
  bool is_subscribed(std::string_view topic) const;
  TelemetryMessage telemetry_message(std::string properties, std::string body) const;
  void store_will(const ferry::net::mqtt::Message& will);
  void acknowledge(std::uint16_t packet_id);
  bool deliver(const LockedMessage& message, ferry::net::mqtt::QoS qos);
  void handle_puback(std::uint16_t packet_id);
  std::uint16_t next_packet_id();

  std::shared_ptr<Hub> hub_;
  EntityKey key_;
  DeviceProof proof_;
  std::shared_ptr<MqttLink> link_;
  MessageRouter& router_;
  MethodCalls& methods_;
  std::string events_topic_;  // "devices/{d}/messages/events/"
  std::string generation_id_;
  std::vector<ferry::net::mqtt::TopicFilter> filters_;
  // Messages to the device that it has not acknowledged: lock tokens by packet id.
  std::map<std::uint16_t, std::string> unacknowledged_;
  std::uint16_t last_packet_id_ = 0;
  std::chrono::seconds patience_{0};  // between packets
  std::optional<ferry::net::SteadyTime> token_end_;
  bool disconnected_ = false;  // by a DISCONNECT packet
};

}  // namespace drydock::iot_hub
