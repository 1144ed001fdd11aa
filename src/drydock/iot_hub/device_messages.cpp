// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/device_messages.hpp"

#include "base/encoding.hpp"

namespace drydock::iot_hub {
namespace {

namespace json = ferry::json;

constexpr std::string_view kApplication = "iothub-app-";

// What a device may set, as the header's name and in a bag.
constexpr std::pair<std::string_view, std::string_view> kSystemHeaders[] = {
    {"iothub-messageid", "$.mid"},        {"iothub-correlationid", "$.cid"},
    {"iothub-userid", "$.uid"},           {"iothub-contenttype", "$.ct"},
    {"iothub-contentencoding", "$.ce"},   {"iothub-expiry", "$.exp"},
    {"iothub-creationtimeutc", "$.ctime"}};

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

void append_property(std::string& bag, std::string_view name, std::string_view value) {
  if (!bag.empty()) bag += '&';
  bag += ferry::percent_encode(name);
  bag += '=';
  bag += ferry::percent_encode(value);
}

}  // namespace

std::string devicebound_topic(const std::string& device, const LockedMessage& message) {
  const CloudToDeviceMessage& content = message.message;
  const std::pair<std::string_view, std::string> system[] = {
      {"$.mid", content.message_id},
      {"$.cid", content.correlation_id},
      {"$.uid", content.user_id},
      {"$.ct", content.content_type},
      {"$.ce", content.content_encoding},
      {"$.exp", content.expiry ? ferry::format_rfc3339(*content.expiry) : ""},
      {"$.to",
       content.to.empty() ? fmt::format("/devices/{}/messages/devicebound", device) : content.to}};
  std::string bag;
  for (const auto& [name, value] : system) {
    if (!value.empty()) append_property(bag, name, value);
  }
  if (content.ack != Ack::none) append_property(bag, "iothub-ack", to_string(content.ack));
  for (const auto& [name, value] : content.properties) append_property(bag, name, text_of(value));
  return fmt::format("devices/{}/messages/devicebound/{}", device, bag);
}

ferry::net::HttpResponse devicebound_response(const LockedMessage& message) {
  const CloudToDeviceMessage& content = message.message;
  ferry::net::HttpResponse response;
  response.headers.set("ETag", fmt::format("\"{}\"", message.lock_token));
  response.headers.set("iothub-sequencenumber", std::to_string(message.sequence));
  response.headers.set("iothub-enqueuedtime", ferry::format_rfc3339(message.enqueued));
  response.headers.set("iothub-deliverycount", std::to_string(message.delivery_count));
  response.headers.set("iothub-ack", std::string(to_string(content.ack)));
  const std::pair<const char*, const std::string&> texts[] = {
      {"iothub-messageid", content.message_id}, {"iothub-correlationid", content.correlation_id},
      {"iothub-userid", content.user_id},       {"iothub-to", content.to},
      {"Content-Type", content.content_type},   {"Content-Encoding", content.content_encoding}};
  for (const auto& [name, value] : texts) {
    if (!value.empty()) response.headers.set(name, value);
  }
  if (content.expiry) {
    response.headers.set("iothub-expiry", ferry::format_rfc3339(*content.expiry));
  }
  for (const auto& [name, value] : content.properties) {
    response.headers.set(fmt::format("{}{}", kApplication, std::string_view(name)), text_of(value));
  }
  response.body = content.body;
  return response;
}

std::string property_bag_of(const ferry::net::Headers& headers) {
  std::string bag;
  for (const auto& [header, name] : kSystemHeaders) {
    if (const auto value = headers.get(header)) append_property(bag, name, *value);
  }
  for (const auto& [header, value] : headers.fields()) {
    if (header.size() <= kApplication.size() ||
        !ferry::equals_ignore_case(std::string_view(header).substr(0, kApplication.size()),
                                   kApplication)) {
      continue;
    }
    append_property(bag, std::string_view(header).substr(kApplication.size()), value);
  }
  return bag;
}

}  // namespace drydock::iot_hub
