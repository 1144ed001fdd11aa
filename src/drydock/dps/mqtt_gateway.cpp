// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/mqtt_gateway.hpp"

namespace drydock::dps {
namespace {

namespace mqtt = ferry::net::mqtt;
constexpr std::chrono::seconds kConnectWithin{60};
constexpr std::size_t kLongestPacket = 512 * 1024;  // a message of 256 KB and its topic

// "/<host>/<device>": the first part of the user name, and the client's own name.
std::string fault_path(const mqtt::Connect& connect) {
  const std::string user = connect.username.value_or("");
  return fmt::format("/{}/{}", user.substr(0, user.find('/')), connect.client_id);
}

ferry::net::Task<void> cut_later(std::weak_ptr<iot_hub::MqttLink> link,
                                 std::chrono::milliseconds delay) {
  co_await ferry::net::sleep_for(delay);
  if (const auto still_there = link.lock()) still_there->close();
}

}  // namespace

ferry::net::Task<bool> MqttGateway::pass_faults(std::shared_ptr<iot_hub::MqttLink> link,
                                                Service service, std::string path) {
  const Faults::Verdict verdict = faults_.judge(service, "CONNECT", path);
  if (verdict.delay.count() > 0) co_await ferry::net::sleep_for(verdict.delay);
  if (!verdict.fault) co_return true;
  const Fault& fault = *verdict.fault;
  const bool reset = fault.kind == Fault::Kind::reset;
  if (reset && fault.after) {
    const auto executor = co_await ferry::net::current_executor();
    ferry::net::spawn(executor, cut_later(link, fault.delay));
    co_return true;
  }
  if (fault.delay.count() > 0) co_await ferry::net::sleep_for(fault.delay);
  if (!reset) {
    const bool unauthorized =
        fault.kind == Fault::Kind::status && (fault.status == 401 || fault.status == 403);
    link->send(mqtt::Connack{false, unauthorized ? mqtt::ConnectCode::not_authorized
                                                 : mqtt::ConnectCode::server_unavailable});
    co_await link->close_after_sending();
  }
  link->close();
  co_return false;
}

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
  const bool provisioning = is_provisioning_user_name(connect->username.value_or(""));
  const bool passed = co_await pass_faults(link, provisioning ? Service::dps : Service::iot_hub,
                                           fault_path(*connect));
  if (!passed) co_return;
  if (provisioning) {
    co_await provisioning_.serve_device(link, std::move(*connect));
  } else {
    co_await hubs_.serve_device(link, std::move(*connect));
  }
}

}  // namespace drydock::dps
