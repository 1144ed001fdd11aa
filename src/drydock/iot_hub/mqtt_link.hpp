// SPDX-License-Identifier: Apache-2.0
// The server's end of one MQTT connection: whole packets in, packets out in order.
#pragma once

#include <memory>

#include "net/mqtt_packet.hpp"
#include "net/stream.hpp"

namespace drydock::iot_hub {

class MqttLink : public std::enable_shared_from_this<MqttLink> {
 public:
  // `max_packet` bounds what the device may send.
  static std::shared_ptr<MqttLink> start(std::unique_ptr<ferry::net::Stream> stream,
                                         ferry::net::Executor executor, std::size_t max_packet);

  // The next packet; nothing when the device has closed or close() was called. After `deadline` it
  // fails with Code::deadline_exceeded.
  ferry::net::Task<ferry::Result<std::optional<ferry::net::mqtt::Packet>>> read(
      ferry::net::SteadyTime deadline);
  // Queued and sent together with what is queued in the same turn. A device that does not read is
  // cut off.
  void send(const ferry::net::mqtt::Packet& packet);
  void send_publish(std::string_view topic, std::string_view payload);  // QoS 0
  // With QoS 1; false when the topic cannot be written.
  bool send_publish(std::string_view topic, std::string_view payload, std::uint16_t packet_id);
  // Sends what is queued, then ends.
  ferry::net::Task<void> close_after_sending();
  void close();
  bool is_closed() const { return closed_; }
  const ferry::net::PeerInfo& peer() const { return stream_->peer(); }

  MqttLink(std::unique_ptr<ferry::net::Stream> stream, ferry::net::Executor executor,
           std::size_t max_packet)
      : stream_(std::move(stream)), decoder_(max_packet), changed_(executor), drained_(executor) {}

 private:
  static ferry::net::Task<void> write_all(std::shared_ptr<MqttLink> self);
  void queued();

  std::unique_ptr<ferry::net::Stream> stream_;
  ferry::net::mqtt::Decoder decoder_;
  std::string unsent_;
  bool writing_ = false;
  bool closed_ = false;
  ferry::net::Notifier changed_;
  ferry::net::Notifier drained_;
};

}  // namespace drydock::iot_hub
