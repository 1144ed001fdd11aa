// SPDX-License-Identifier: Apache-2.0
// An MQTT 3.1.1 client over any Stream.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/mqtt_packet.hpp"
#include "net/stream.hpp"

namespace ferry::net::mqtt {

struct ClientOptions {
  std::string client_id;
  std::optional<std::string> username;
  std::optional<Secret> password;
  std::optional<Message> will;
  bool clean_session = true;
  std::chrono::seconds keep_alive{60};  // 0 sends no pings; at most 65,535
  // How long to wait for CONNACK, PUBACK, SUBACK, UNSUBACK and PINGRESP.
  std::chrono::milliseconds response_timeout{30'000};
  std::size_t max_packet = 1024 * 1024;  // of what the server sends
};

// One connection. Belongs to one loop; several coroutines may publish and subscribe at the same
// time. When the connection is lost, every pending and later call fails with the reason; connecting
// again is the caller's affair (a Client does not reconnect).
class Client {
 public:
  // Sends CONNECT and waits for CONNACK. A refusal is an Error in words: Code::unauthenticated for
  // return codes 2, 4 and 5, Code::unavailable for 3, Code::unsupported for 1.
  static Task<Result<std::unique_ptr<Client>>> connect(std::unique_ptr<Stream> stream,
                                                       ClientOptions options);
  ~Client();  // closes the connection without DISCONNECT (the server then publishes the will)
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool session_present() const;

  // QoS 0: done when handed to the connection (waits while much is unsent). QoS 1: done with
  // PUBACK. QoS 2 is refused with Code::unsupported.
  Task<Result<void>> publish(std::string topic, std::string payload, QoS qos = QoS::at_least_once);
  // Fails with Code::permission_denied when the server refuses one of the filters.
  Task<Result<void>> subscribe(std::vector<TopicFilter> filters);
  Task<Result<void>> unsubscribe(std::vector<std::string> filters);

  // Incoming publishes, in order, acknowledged before they are handed over. Either a callback,
  // called on the loop between packets (it may start coroutines and may call close()), or
  // next_message(). Setting a callback hands it what is queued already.
  void on_message(std::function<void(Message)> callback);
  Task<Result<Message>>
  next_message();  // fails when the connection has ended and nothing is queued

  // Sends DISCONNECT after everything that was published, then closes.
  Task<void> disconnect();
  // Ends the connection now. Idempotent.
  void close();
  bool is_open() const;
  // Waits until the connection has ended and says why (Code::cancelled after disconnect() and
  // close()).
  Task<Error> wait_closed();

 private:
  struct State;
  explicit Client(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net::mqtt
