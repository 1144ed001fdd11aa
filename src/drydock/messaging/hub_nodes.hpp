// SPDX-License-Identifier: Apache-2.0
// The ends of the links by which services send to devices and hear what became of it.
#pragma once

#include "drydock/amqp/link.hpp"
#include "drydock/iot_hub/service.hpp"

namespace drydock::messaging {

// The message and the device that its `to` names. Code::invalid_argument.
struct DeviceBound {
  std::string device;
  iot_hub::CloudToDeviceMessage message;
};
ferry::Result<DeviceBound> decode_device_bound(std::string_view bytes);

std::unique_ptr<amqp::Node> make_device_bound_node(iot_hub::IotHubService& hubs, std::string hub);
std::unique_ptr<amqp::Node> make_feedback_node(iot_hub::IotHubService& hubs, std::string hub);

}  // namespace drydock::messaging
