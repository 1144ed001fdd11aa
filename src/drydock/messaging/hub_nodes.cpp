// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/hub_nodes.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"

namespace drydock::messaging {

using ferry::Code;
using ferry::fail;
using iot_hub::CloudToDeviceMessage;
using iot_hub::FeedbackBatch;

namespace {

constexpr std::uint64_t kLargestMessage = 64 * 1024;
constexpr std::size_t kTagSize = 16;  // .NET's client reads it as a GUID

std::string text_of(const amqp::Value& value) {
  if (const auto text = value.text()) return std::string(*text);
  if (const auto bytes = value.binary()) return std::string(*bytes);
  if (const auto number = value.integer()) return std::to_string(*number);
  if (const auto flag = value.boolean()) return *flag ? "true" : "false";
  return "";
}

std::string condition_of(const iot_hub::Refusal& refusal) {
  switch (refusal.number) {
    case 404001:
    case 404010:
      return std::string(amqp::kNotFound);
    case 403004:
      return std::string(amqp::kLimit);
    case 413001:
      return std::string(amqp::kTooLarge);
    case 400004:
      return std::string(amqp::kArgument);
    default:
      return std::string(amqp::kInternal);
  }
}

class DeviceBoundNode final : public amqp::Node {
 public:
  DeviceBoundNode(iot_hub::IotHubService& hubs, std::string hub)
      : hubs_(hubs), hub_(std::move(hub)) {}

  // Body and properties have a limit of their own; this is for the whole.
  std::uint64_t max_message_size() const override { return 2 * kLargestMessage; }

  void received(amqp::Link& link, std::uint64_t delivery, std::uint32_t,
                std::string bytes) override {
    auto bound = decode_device_bound(bytes);
    if (!bound) {
      return link.settle(delivery,
                         {amqp::Settlement::State::rejected,
                          amqp::Refusal{std::string(amqp::kArgument), bound.error().message}});
    }
    const auto sent = hubs_.send_to_device(hub_, bound->device, std::move(bound->message));
    if (sent) return link.settle(delivery, {});
    link.settle(delivery, {amqp::Settlement::State::rejected,
                           amqp::Refusal{condition_of(sent.error()), sent.error().message}});
  }

 private:
  iot_hub::IotHubService& hubs_;
  std::string hub_;
};

class FeedbackNode final : public amqp::Node {
 public:
  FeedbackNode(iot_hub::IotHubService& hubs, std::string hub)
      : queue_(hubs.cloud_to_device()), hub_(std::move(hub)) {}
  ~FeedbackNode() override {
    for (const auto& [tag, lock_token] : out_) queue_->release_feedback(lock_token);
  }

  // Also called once a second, which is how batches that have waited long enough come out.
  void ready(amqp::Link& link) override {
    while (link.can_send()) {
      auto batch = queue_->lock_feedback(hub_);
      if (!batch || !*batch) return;
      std::string tag = ferry::random_bytes(kTagSize);
      out_[tag] = (*batch)->lock_token;
      link.send(encode(**batch), tag);
    }
  }

  void settled(amqp::Link&, std::string_view tag, const amqp::Settlement& settlement) override {
    const auto sent = out_.extract(std::string(tag));
    if (sent.empty()) return;
    const bool taken = settlement.state == amqp::Settlement::State::accepted ||
                       settlement.state == amqp::Settlement::State::rejected;
    const auto done =
        taken ? queue_->complete_feedback(sent.mapped()) : queue_->abandon_feedback(sent.mapped());
    if (!done) ferry::log::info("iot_hub", "feedback of {}: {}", hub_, done.error().message);
  }

 private:
  std::string encode(const FeedbackBatch& batch) const {
    amqp::Encoder out;
    const auto map = amqp::begin_map_section(out, amqp::kMessageAnnotations);
    out.symbol("iothub-enqueuedtime");
    out.timestamp(batch.enqueued);
    out.end(map, 2);
    amqp::Properties properties;
    properties.message_id = batch.lock_token;
    properties.user_id = hub_;
    properties.content_type = "application/vnd.microsoft.iothub.feedback.json";
    properties.content_encoding = "utf-8";
    amqp::put_properties(out, properties);
    amqp::put_data(out, ferry::json::serialize(to_json(batch)));
    return out.take();
  }

  std::shared_ptr<iot_hub::CloudToDevice> queue_;  // connections may outlive the service
  std::string hub_;
  std::map<std::string, std::string> out_;  // lock tokens by delivery tag
};

}  // namespace

ferry::Result<DeviceBound> decode_device_bound(std::string_view bytes) {
  auto parsed = amqp::parse_message(bytes);
  if (!parsed) return fail(std::move(parsed).error());
  const amqp::Message& message = *parsed;
  DeviceBound bound;
  CloudToDeviceMessage& result = bound.message;
  result.to = text_of(message.to);
  // "/devices/{id}/messages/devicebound"
  const std::vector<std::string> parts = ferry::split(result.to, '/');
  if (parts.size() != 5 || !ferry::equals_ignore_case(parts[1], "devices") ||
      !ferry::equals_ignore_case(parts[4], "devicebound")) {
    return fail(Code::invalid_argument,
                "the property 'to' is /devices/{{id}}/messages/devicebound, not '{}'", result.to);
  }
  bound.device = ferry::percent_decode(parts[2]);
  result.message_id = text_of(message.message_id);
  result.correlation_id = text_of(message.correlation_id);
  result.user_id = text_of(message.user_id);
  result.content_type = text_of(message.content_type);
  result.content_encoding = text_of(message.content_encoding);
  result.expiry = message.absolute_expiry_time.timestamp();
  for (const amqp::Entry& entry : message.application_properties) {
    if (entry.key != "iothub-ack") {
      result.properties[entry.key] = text_of(entry.value);
      continue;
    }
    const auto ack = iot_hub::parse_ack(text_of(entry.value));
    if (!ack) {
      return fail(Code::invalid_argument, "iothub-ack is none, positive, negative or full");
    }
    result.ack = *ack;
  }
  for (const std::string_view data : message.data) result.body += data;
  if (message.value) result.body = text_of(*message.value);
  return bound;
}

std::unique_ptr<amqp::Node> make_device_bound_node(iot_hub::IotHubService& hubs, std::string hub) {
  return std::make_unique<DeviceBoundNode>(hubs, std::move(hub));
}

std::unique_ptr<amqp::Node> make_feedback_node(iot_hub::IotHubService& hubs, std::string hub) {
  return std::make_unique<FeedbackNode>(hubs, std::move(hub));
}

}  // namespace drydock::messaging
