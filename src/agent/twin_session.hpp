// SPDX-License-Identifier: Apache-2.0
// One MQTT connection of a module to its IoT Hub: twin requests, desired notifications, direct
// methods.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "agent/hub_topics.hpp"
#include "agent/methods.hpp"
#include "net/mqtt_client.hpp"

namespace ferry::agent {

struct TwinSessionOptions {
  std::string hub_host;  // without port
  std::uint16_t mqtt_port = 8883;
  std::string device_id;
  std::string module_id;
  Secret password;
  std::shared_ptr<const net::TlsClientContext> tls;
};

// What a session tells its owner, on the loop.
struct TwinEvents {
  std::function<void(json::object patch, std::int64_t version)> on_desired;
  std::function<net::Task<MethodReply>(std::string name, std::string payload)> on_method;
  std::function<void()> on_closed;
};

class TwinSession : public std::enable_shared_from_this<TwinSession> {
 public:
  // Connected and subscribed. Code::unauthenticated: the hub refused the identity.
  static net::Task<Result<std::shared_ptr<TwinSession>>> open(net::Executor executor,
                                                              TwinSessionOptions options,
                                                              TwinEvents events);

  net::Task<Result<json::object>> get_twin();  // {"desired": {...}, "reported": {...}}
  net::Task<Result<void>> patch_reported(json::object patch);
  bool is_open() const { return client_ && client_->is_open(); }
  net::Task<void> close();  // with DISCONNECT

  TwinSession(net::Executor executor, TwinEvents events);  // for open()

 private:
  struct Reply {
    int status = 0;
    std::string body;
  };
  net::Task<Result<Reply>> request(std::string topic, std::string rid, std::string body);
  void receive(net::mqtt::Message message);
  static net::Task<void> answer(std::shared_ptr<TwinSession> self, MethodCall call,
                                std::string payload);
  static net::Task<void> watch(std::shared_ptr<TwinSession> self);

  net::Executor executor_;
  TwinEvents events_;
  std::unique_ptr<net::mqtt::Client> client_;
  std::map<std::string, std::optional<Reply>> pending_;  // by rid
  net::Notifier replied_;
  std::uint64_t next_rid_ = 1;
};

}  // namespace ferry::agent
