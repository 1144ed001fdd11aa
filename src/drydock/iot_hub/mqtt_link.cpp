// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/mqtt_link.hpp"

#include <array>

namespace drydock::iot_hub {
namespace {

namespace mqtt = ferry::net::mqtt;
constexpr std::size_t kUnsentLimit = 8 * 1024 * 1024;

}  // namespace

std::shared_ptr<MqttLink> MqttLink::start(std::unique_ptr<ferry::net::Stream> stream,
                                          ferry::net::Executor executor, std::size_t max_packet) {
  auto link = std::make_shared<MqttLink>(std::move(stream), executor, max_packet);
  ferry::net::spawn(executor, write_all(link));
  return link;
}

ferry::net::Task<ferry::Result<std::optional<mqtt::Packet>>> MqttLink::read(
    ferry::net::SteadyTime deadline) {
  const auto self = shared_from_this();
  // Small, for it stands in each waiting connection's frame: TLS keeps the rest of a record.
  std::array<char, 1024> buffer;
  while (!closed_) {
    auto packet = decoder_.next();
    if (!packet || *packet) co_return packet;
    stream_->set_deadline(deadline);
    const auto count = co_await stream_->read_some(buffer);
    if (closed_) break;
    if (!count) co_return ferry::fail(count.error());
    if (*count == 0) break;
    decoder_.feed(std::string_view(buffer.data(), *count));
  }
  co_return std::optional<mqtt::Packet>();
}

void MqttLink::queued() {
  if (unsent_.size() > kUnsentLimit) close();
  changed_.notify();
}

void MqttLink::send(const mqtt::Packet& packet) {
  if (closed_) return;
  const auto encoded = mqtt::encode(packet, unsent_);
  FERRY_CHECK(encoded.has_value());
  queued();
}

void MqttLink::send_publish(std::string_view topic, std::string_view payload) {
  if (closed_) return;
  // A topic that cannot be written holds what a device or service named badly: not worth an abort.
  if (mqtt::encode_publish(topic, payload, mqtt::QoS::at_most_once, 0, unsent_)) queued();
}

bool MqttLink::send_publish(std::string_view topic, std::string_view payload,
                            std::uint16_t packet_id) {
  if (closed_) return true;
  const auto encoded =
      mqtt::encode_publish(topic, payload, mqtt::QoS::at_least_once, packet_id, unsent_);
  if (encoded) queued();
  return encoded.has_value();
}

ferry::net::Task<void> MqttLink::write_all(std::shared_ptr<MqttLink> self) {
  std::string batch;
  while (!self->closed_) {
    if (self->unsent_.empty()) {
      self->drained_.notify();
      co_await self->changed_.wait();
      continue;
    }
    batch.clear();
    std::swap(batch, self->unsent_);
    self->writing_ = true;
    auto written = co_await self->stream_->write(batch);
    self->writing_ = false;
    if (!written) self->close();
  }
  self->drained_.notify();
}

ferry::net::Task<void> MqttLink::close_after_sending() {
  const auto self = shared_from_this();
  if (!closed_ && (writing_ || !unsent_.empty())) {
    co_await drained_.wait_for(std::chrono::milliseconds(1000));
  }
  close();
}

void MqttLink::close() {
  if (closed_) return;
  closed_ = true;
  stream_->close();
  changed_.notify();
}

}  // namespace drydock::iot_hub
