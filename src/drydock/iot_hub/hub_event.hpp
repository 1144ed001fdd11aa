// SPDX-License-Identifier: Apache-2.0
// What a hub tells about devices and modules by itself ("IoT Hub non-telemetry event schemas").
#pragma once

#include "drydock/iot_hub/identity.hpp"
#include "drydock/iot_hub/twin.hpp"

namespace drydock::iot_hub {

struct Entity;

struct HubEvent {
  enum class Kind { twin_change, lifecycle, connection_state };
  std::string hub;  // lower case
  EntityKey key;
  Kind kind = Kind::twin_change;
  std::string operation;  // "updateTwin", "createDeviceIdentity", "deviceConnected", ...
  json::object body;
  ferry::Timestamp time;
};

class HubListener {
 public:
  virtual ~HubListener() = default;
  // False when nobody would get such an event, so that it need not be made.
  virtual bool wants(const std::string& hub, HubEvent::Kind kind) = 0;
  // Once what happened is on disk. `twin` is null when the device is gone.
  virtual void happened(HubEvent event, const Twin* twin) = 0;
};

// What an update changed, as the event gives it; null for what it left alone.
struct TwinPatch {
  const json::object* tags = nullptr;
  const json::object* desired = nullptr;
  const json::object* reported = nullptr;
};
json::object twin_update_body(const Twin& twin, const TwinPatch& patch);
// Of a replacement, of creation and of deletion: the twin as it is.
json::object twin_body(const Entity& entity);
// {"sequenceNumber": "..."}: 256 bits in hexadecimal, rising with `time` and, within it, `count`.
json::object connection_body(ferry::Timestamp time, std::uint64_t count);

}  // namespace drydock::iot_hub
