// SPDX-License-Identifier: Apache-2.0
// Messages in the forms of the protocols that devices speak: property bags of MQTT topics and
// headers of HTTP. Pure.
#pragma once

#include "drydock/iot_hub/cloud_to_device.hpp"
#include "net/http.hpp"

namespace drydock::iot_hub {

// "devices/{id}/messages/devicebound/%24.mid=..&%24.to=..&colour=red". Never without a property:
// C#'s client cannot read that.
std::string devicebound_topic(const std::string& device, const LockedMessage& message);
// 200 with the lock token as ETag.
ferry::net::HttpResponse devicebound_response(const LockedMessage& message);

// The property bag of a message that a device sends by HTTP: headers `iothub-app-NAME`,
// `iothub-messageid` and the like.
std::string property_bag_of(const ferry::net::Headers& headers);

}  // namespace drydock::iot_hub
