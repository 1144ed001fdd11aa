// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "drydock/amqp/message.hpp"
#include "drydock/messaging/access.hpp"
#include "drydock/messaging/entity.hpp"
#include "drydock/messaging/event_codec.hpp"
#include "drydock/messaging/hub_nodes.hpp"

namespace drydock::messaging {
namespace {

using ferry::from_unix_seconds;
using ferry::Secret;

TEST(EntityAddress, IsReadInAllItsForms) {
  EXPECT_EQ(parse_entity("hub")->kind, EntityAddress::Kind::hub);
  const auto partition = parse_entity("hub/partitions/3");
  ASSERT_TRUE(partition);
  EXPECT_EQ(partition->kind, EntityAddress::Kind::partition);
  EXPECT_EQ(partition->partition, 3);
  const auto consumer = parse_entity("hub/ConsumerGroups/$Default/Partitions/0");
  ASSERT_TRUE(consumer);
  EXPECT_EQ(consumer->group, "$Default");
  EXPECT_EQ(parse_entity("hub/$management")->hub, "hub");
  EXPECT_EQ(parse_entity("$management")->kind, EntityAddress::Kind::management);
  for (const char* text : {"", "/", "hub/Partitions", "hub/Partitions/x", "hub/Partitions/-1",
                           "hub/ConsumerGroups/g", "hub/x/y"}) {
    EXPECT_FALSE(parse_entity(text)) << text;
  }
}

TEST(StartPosition, IsReadFromTheFiltersThatClientsSend) {
  const auto offset = parse_selector("amqp.annotation.x-opt-offset > '-1'");
  ASSERT_TRUE(offset);
  EXPECT_EQ(offset->value, -1);
  EXPECT_FALSE(offset->inclusive);
  EXPECT_TRUE(parse_selector("amqp.annotation.x-opt-offset > '@latest'")->latest);
  const auto sequence = parse_selector("amqp.annotation.x-opt-sequence-number >= '12'");
  ASSERT_TRUE(sequence);
  EXPECT_EQ(sequence->field, StartPosition::Field::sequence_number);
  EXPECT_TRUE(sequence->inclusive);
  EXPECT_EQ(parse_selector("amqp.annotation.x-opt-enqueued-time > '1795000000000'")->value,
            1795000000000);
  for (const char* text : {"", "x > '1'", "amqp.annotation.x-opt-offset < '1'",
                           "amqp.annotation.x-opt-sequence-number > '@latest'",
                           "amqp.annotation.x-opt-offset > 'many'"}) {
    EXPECT_FALSE(parse_selector(text)) << text;
  }
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    policies_.push_back(
        {"telemetry", {"reader", Secret("bm90LWRlY29kZWQ="), Secret("c2Vjb25k"), ""}, kListen});
    policies_.push_back({"", {"root", Secret("cm9vdA=="), Secret("b3RoZXI="), ""}, kManage});
  }
  static std::string token(std::string_view resource, std::string_view key, std::string_view rule,
                           std::int64_t expiry) {
    const std::string sr = ferry::percent_encode(resource);
    const std::string signature =
        ferry::base64_encode(ferry::hmac_sha256(key, fmt::format("{}\n{}", sr, expiry)));
    return fmt::format("SharedAccessSignature sr={}&sig={}&se={}&skn={}", sr,
                       ferry::percent_encode(signature), expiry, rule);
  }
  std::shared_ptr<const EventHubsClaim> check(const std::string& text) {
    auto claim = check_signature(policies_, text, now_);
    return claim ? std::dynamic_pointer_cast<const EventHubsClaim>(*claim) : nullptr;
  }
  std::vector<ScopedPolicy> policies_;
  const ferry::Timestamp now_ = from_unix_seconds(1'795'000'000);
  const std::int64_t later_ = 1'795'003'600;
};

TEST_F(AccessTest, TakesTheKeysTextAsItStands) {
  const std::string resource = "sb://127.0.0.1:5671/Telemetry/ConsumerGroups/g/Partitions/0";
  const auto claim = check(token(resource, "bm90LWRlY29kZWQ=", "reader", later_));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->rights, kListen);
  EXPECT_TRUE(claim->covers("telemetry/consumergroups/g/partitions/0"));
  EXPECT_FALSE(claim->covers("telemetry/consumergroups/g/partitions/01"));
  EXPECT_FALSE(claim->covers("telemetry"));
  EXPECT_FALSE(claim->is_valid(from_unix_seconds(later_)));
  EXPECT_TRUE(check(token(resource, "c2Vjb25k", "reader", later_)));
  EXPECT_FALSE(check(token(resource, "not-decoded", "reader", later_)));
  EXPECT_FALSE(check(token(resource, "bm90LWRlY29kZWQ=", "reader", 1'795'000'000)));
}

TEST_F(AccessTest, ARuleOfAnEventHubIsForThatOneOnly) {
  EXPECT_FALSE(check(token("sb://h/other", "bm90LWRlY29kZWQ=", "reader", later_)));
  EXPECT_FALSE(check(token("sb://h/", "bm90LWRlY29kZWQ=", "reader", later_)));
  const auto all = check(token("sb://h/", "cm9vdA==", "root", later_));
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->covers("other/partitions/1"));
  EXPECT_TRUE(check_key(policies_, "root", Secret("cm9vdA==")));
  EXPECT_FALSE(check_key(policies_, "root", Secret("")));
  EXPECT_FALSE(check_key(policies_, "root", Secret("c2Vjb25k")));
}

std::string message_with_key(std::string_view body, std::string_view key) {
  amqp::Encoder out;
  const auto map = amqp::begin_map_section(out, amqp::kMessageAnnotations);
  out.symbol("x-opt-partition-key");
  out.string(key);
  out.symbol("mine");
  out.string("kept");
  out.symbol("x-opt-offset");
  out.string("forged");
  out.end(map, 6);
  amqp::put_data(out, body);
  return out.take();
}

TEST(EventCodec, UnwrapsBatchesAndOnlyThose) {
  const std::string inner = message_with_key("a", "k");
  amqp::Encoder out;
  amqp::put_data(out, inner);
  amqp::Encoder plain;
  amqp::put_data(plain, "b");
  amqp::put_data(out, plain.take());
  const std::string envelope = out.take();
  const auto batch = decode_events(kBatchFormat, envelope);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 2U);
  EXPECT_EQ(batch->front().partition_key, "k");
  EXPECT_EQ(batch->back().partition_key, "");
  const auto single = decode_events(0, envelope);
  ASSERT_TRUE(single);
  EXPECT_EQ(single->size(), 1U);
  EXPECT_FALSE(decode_events(kBatchFormat, "junk"));
}

TEST(EventCodec, GivesEventsBackWithTheirPlaceAndWithoutForgeries) {
  const auto events = decode_events(0, message_with_key("a", "k"));
  ASSERT_TRUE(events);
  event_hubs::StoredEvent stored{7, 4096, events->front()};
  stored.event.enqueued = from_unix_seconds(1'795'000'000);
  const std::string bytes = encode_event(stored, nullptr, stored.event.enqueued);
  const auto message = amqp::parse_message(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->annotation("x-opt-sequence-number")->integer(), 7);
  EXPECT_EQ(message->annotation("x-opt-offset")->text(), "4096");
  EXPECT_EQ(message->annotation("x-opt-partition-key")->text(), "k");
  EXPECT_EQ(message->annotation("mine")->text(), "kept");
  EXPECT_EQ(message->annotations.size(), 5U);
  EXPECT_EQ(message->data.front(), "a");
}

TEST(EventCodec, WritesWhatHubsKeepAsAnnotationsAndProperties) {
  event_hubs::StoredEvent stored;
  stored.event.system = {{"iothub-connection-device-id", "crane"},
                         {"iothub-enqueuedtime", "2026-11-22T10:00:00.120Z"},
                         {"content-type", "application/json"},
                         {"message-id", "m1"}};
  stored.event.properties = {{"level", "storm"}};
  stored.event.body = "{}";
  stored.event.partition_key = "crane";
  const std::string bytes = encode_event(stored, nullptr, {});
  const auto message = amqp::parse_message(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->annotation("iothub-connection-device-id")->text(), "crane");
  EXPECT_EQ(message->annotation("iothub-enqueuedtime")->timestamp(),
            ferry::parse_rfc3339("2026-11-22T10:00:00.120Z").value());
  EXPECT_EQ(message->annotation("x-opt-partition-key"), nullptr);
  EXPECT_EQ(message->content_type.text(), "application/json");
  EXPECT_EQ(message->message_id.text(), "m1");
  EXPECT_EQ(message->application_property("level")->text(), "storm");
}

TEST(DeviceBound, NamesItsDeviceAndWhatItWishes) {
  amqp::Encoder out;
  amqp::Properties properties;
  properties.message_id = "m1";
  properties.to = "/devices/crane%2007/messages/devicebound";
  amqp::put_properties(out, properties);
  const auto map = amqp::begin_map_section(out, amqp::kApplicationProperties);
  out.string("iothub-ack");
  out.string("full");
  out.string("colour");
  out.string("red");
  out.end(map, 4);
  amqp::put_data(out, "stop");
  const auto bound = decode_device_bound(out.take());
  ASSERT_TRUE(bound) << bound.error().describe();
  EXPECT_EQ(bound->device, "crane 07");
  EXPECT_EQ(bound->message.ack, iot_hub::Ack::full);
  EXPECT_EQ(bound->message.body, "stop");
  EXPECT_EQ(bound->message.properties, (ferry::json::object{{"colour", "red"}}));
  properties.to = "/devices/x/twin";
  put_properties(out, properties);
  EXPECT_FALSE(decode_device_bound(out.take()));
}

}  // namespace
}  // namespace drydock::messaging
