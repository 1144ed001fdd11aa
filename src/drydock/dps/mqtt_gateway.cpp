// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/mqtt_gateway.hpp"

namespace drydock::dps {
namespace {

namespace mqtt = ferry::net::mqtt;
constexpr std::chrono::seconds kConnectWithin{60};
constexpr std::size_t kLongestPacket = 512 * 1024;  // a message of 256 KB and its topic

}  // namespace

ferry::net::Task<void> MqttGateway::serve_mqtt(std::unique_ptr<ferry::net::Stream> stream) {
  const auto executor = co_await ferry::net::current_executor();
  const auto link = iot_hub::MqttLink::start(std::move(stream), executor, kLongestPacket);
  auto packet = co_await link->read(std::chrono::steady_clock::now() + kConnectWithin);
  if (!packet && packet.error().code == ferry::Code::unsupported) {
    link->send(mqtt::Connack{false, mqtt::ConnectCode::unacceptable_protocol_version});
  }
  // [MQTT-3.1.0-1]: the first packet is CONNECT.
  auto* connect = packet && *packet ? std::get_if<mqtt::Connect>(&**packet) : nullptr;
  if (!connect) {
    co_await link->close_after_sending();
    co_return;
  }
  if (is_provisioning_user_name(connect->username.value_or(""))) {
    co_await provisioning_.serve_device(link, std::move(*connect));
  } else {
    co_await hubs_.serve_device(link, std::move(*connect));
  }
}

}  // namespace drydock::dps
