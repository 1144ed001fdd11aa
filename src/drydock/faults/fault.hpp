// SPDX-License-Identifier: Apache-2.0
// One thing that shall go wrong: which requests it is for, which of them it strikes, what it does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace drydock {

enum class Service { entra, arm, iot_hub, dps, blob, registry };

struct Fault {
  enum class Kind {
    status,     // answers with `status`
    throttle,   // 429 with Retry-After (Blob Storage: 503 ServerBusy)
    delay,      // holds the request back, then lets it pass
    reset,      // closes the connection without an answer
    operation,  // Resource Manager takes the request; the long-running operation that it starts
                // fails
  };
  Kind kind = Kind::status;

  // Which requests: everything that is given must fit.
  std::optional<Service> service;
  std::string method;  // "PUT"; "CONNECT" is a device that connects over MQTT
  // Matched with the whole path without regard to case; '*' stands for any characters, slashes too.
  // With a '?' in it, the query belongs to what is matched. Of a device that connects over MQTT the
  // path is "/<host>/<device>", "/<host>/<device>/<module>" or, at DPS, "/<scope>/<registration>".
  std::string path;

  // Which of them: passes the first `skip`, then strikes each with `probability`, `count` times in
  // all (0: until it is removed). The same seed and the same requests give the same strikes.
  std::uint64_t skip = 0;
  std::uint64_t count = 1;
  double probability = 1.0;
  std::uint64_t seed = 1;

  // What it does.
  int status = 503;
  std::string code;     // of the error in the body; empty: what the service says for the status
  std::string message;  // empty: one that names the fault
  std::chrono::milliseconds delay{0};  // also before the strike of every other kind
  std::optional<int> retry_after;      // seconds; throttle: 1 when nothing is given
  // status, throttle and reset: the request takes effect, only its answer is lost. A device's MQTT
  // connection is accepted and lives for `delay`.
  bool after = false;
};

std::string_view to_string(Service service);  // "iot-hub"
std::string_view to_string(Fault::Kind kind);
std::optional<Service> parse_service(std::string_view text);
std::optional<Fault::Kind> parse_fault_kind(std::string_view text);

// Code::invalid_argument for what can never strike or makes no sense.
ferry::Result<void> check(const Fault& fault);

// As the control interface and `drydock fault list --output json` write it.
ferry::json::object to_json(const Fault& fault);
// Unknown members are refused: a mistyped one would silently strike everything.
ferry::Result<Fault> fault_from_json(const ferry::json::object& object);

// '*' in `pattern` stands for any characters; case does not matter.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace drydock
