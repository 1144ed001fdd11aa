// SPDX-License-Identifier: Apache-2.0
// Registering a device with the Device Provisioning Service over HTTPS, authenticated by the client
// certificate of the TLS connection: PUT register, then GET its operation until the device is
// assigned. No I/O: the caller sends what a step says and feeds the answers. HTTPS rather than MQTT
// because the module's keys need HTTPS to the hub anyway, and one transport less is one less to be
// blocked.
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "base/json.hpp"

namespace ferry::agent {

class DpsRegistration {
 public:
  struct Call {
    std::string method;
    std::string target;
    std::string body;
  };
  struct Pause {
    std::chrono::seconds duration{};
  };
  struct Assigned {
    std::string hub;  // may be "host:port"
    std::string device_id;
    std::string substatus;
  };
  using Step = std::variant<Call, Pause, Assigned, Error>;

  // `payload` goes to a custom allocation webhook, if the enrollment has one; may be null.
  DpsRegistration(std::string id_scope, std::string registration_id, json::value payload);

  Step start();
  // `retry_after` is the header's text, may be empty.
  Step on_response(int status, std::string_view retry_after, std::string_view body);
  Step on_pause_over();

 private:
  Call register_call() const;
  Call poll_call() const;
  Step again(std::chrono::seconds pause, Error when_exhausted);
  Step on_success(std::chrono::seconds pause, std::string_view body);

  std::string id_scope_;
  std::string registration_id_;
  json::value payload_;
  std::string operation_id_;
  int polls_ = 0;
  int repeats_ = 0;
};

}  // namespace ferry::agent
