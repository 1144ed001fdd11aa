// SPDX-License-Identifier: Apache-2.0
// The AMQP faces of Event Hubs and IoT Hub, told apart by the host name that a peer asks for.
#pragma once

#include "drydock/iot_hub/service.hpp"
#include "drydock/messaging/events_container.hpp"
#include "net/stream.hpp"

namespace drydock::messaging {

// AMQP inside WebSockets: the subprotocol, and Event Hubs' path (hubs have MQTT's).
inline constexpr std::string_view kWebSocketProtocol = "AMQPWSB10";
inline constexpr std::string_view kWebSocketPath = "/$servicebus/websocket";

class MessagingService {
 public:
  // Everything referred to must outlive it; so must no connection.
  MessagingService(const Directory& directory, const TokenVerifier& verifier,
                   const ferry::Clock& clock, std::shared_ptr<event_hubs::EventStore> store,
                   iot_hub::IotHubService& hubs, const Endpoints& endpoints);

  // A connection behind TLS, or inside a WebSocket; `host` as its peer asked for it.
  ferry::net::Task<void> serve(std::unique_ptr<ferry::net::Stream> stream, std::string host);

 private:
  std::unique_ptr<amqp::Container> find_container(std::string_view host) const;

  EventServices services_;
  iot_hub::IotHubService& hubs_;
  const Endpoints& endpoints_;
};

}  // namespace drydock::messaging
