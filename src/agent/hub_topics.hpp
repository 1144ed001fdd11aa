// SPDX-License-Identifier: Apache-2.0
// The MQTT topics of a module at an IoT Hub: twin and direct methods. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace ferry::agent {

inline constexpr std::string_view kTwinReplies = "$iothub/twin/res/#";
inline constexpr std::string_view kDesiredPatches = "$iothub/twin/PATCH/properties/desired/#";
inline constexpr std::string_view kMethodCalls = "$iothub/methods/POST/#";

struct TwinReply {
  int status = 0;
  std::string rid;
};
struct DesiredPatch {
  std::int64_t version = 0;
};
struct MethodCall {
  std::string name;
  std::string rid;
};
using HubTopic = std::variant<std::monostate, TwinReply, DesiredPatch, MethodCall>;

// std::monostate for anything else.
HubTopic parse_hub_topic(std::string_view topic);

std::string twin_get_topic(std::string_view rid);
std::string reported_patch_topic(std::string_view rid);
std::string method_reply_topic(int status, std::string_view rid);

}  // namespace ferry::agent
