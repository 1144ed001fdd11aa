// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "drydock/amqp/frame_tap.hpp"
#include "drydock/amqp/message.hpp"

namespace drydock::amqp {
namespace {

using namespace std::string_literals;

Value read(const std::string& bytes) {
  Reader reader(bytes);
  auto value = reader.next();
  EXPECT_TRUE(value) << value.error().describe();
  EXPECT_TRUE(reader.at_end());
  return *value;
}

RC_GTEST_PROP(AmqpCodec, ReadsWhatItWrites, (const std::string& text, std::int64_t number)) {
  Encoder out;
  out.string(text);
  out.binary(text);
  out.long_integer(number);
  out.timestamp(ferry::Timestamp(std::chrono::milliseconds(number)));
  const std::string bytes = out.take();
  Reader reader(bytes);
  RC_ASSERT(reader.next()->text() == text);
  RC_ASSERT(reader.next()->binary() == text);
  RC_ASSERT(reader.next()->integer() == number);
  RC_ASSERT(reader.next()->timestamp()->time_since_epoch().count() == number);
  RC_ASSERT(reader.at_end());
}

RC_GTEST_PROP(AmqpCodec, TakesNoBytesThatAreNotThere, (const std::string& bytes)) {
  Reader reader(bytes);
  while (true) {
    const std::size_t before = reader.rest().size();
    const auto value = reader.next();
    if (!value) break;
    RC_ASSERT(value->encoded().size() + reader.rest().size() == before);
    RC_ASSERT(value->encoded().size() > 0U);
  }
}

TEST(AmqpCodec, KnowsTheShortForms) {
  EXPECT_EQ(read("\x43"s).unsigned_integer(), 0U);
  EXPECT_EQ(read("\x53\xff"s).unsigned_integer(), 255U);
  EXPECT_EQ(read("\x54\xff"s).integer(), -1);
  EXPECT_EQ(read("\x55\x80"s).integer(), -128);
  EXPECT_EQ(read("\x61\xff\xfe"s).integer(), -2);
  EXPECT_EQ(read("\x56\x01"s).boolean(), true);
  EXPECT_TRUE(read("\x45"s).is_list());
  const auto bytes = "\0\x53\x75\xa0\x02hi"s;  // what was read points into it
  const Value described = read(bytes);
  EXPECT_EQ(described.descriptor(), 0x75U);
  EXPECT_EQ(described.described()->binary(), "hi");
}

TEST(AmqpCodec, RefusesDescriptionsWithoutEnd) {
  const std::string bytes(1000, '\0');
  Reader reader(bytes);
  EXPECT_FALSE(reader.next());
}

std::string sample_message(std::string_view body) {
  Encoder out;
  auto map = begin_map_section(out, kMessageAnnotations);
  out.symbol("x-opt-partition-key");
  out.string("key");
  out.end(map, 2);
  Properties properties;
  properties.message_id = "id";
  properties.content_type = "application/json";
  put_properties(out, properties);
  map = begin_map_section(out, kApplicationProperties);
  out.string("n");
  out.integer(7);
  out.end(map, 2);
  put_data(out, body);
  return out.take();
}

TEST(AmqpMessage, IsTakenApartAndKeptAsItCame) {
  const std::string bytes = sample_message("body");
  const auto message = parse_message(bytes);
  ASSERT_TRUE(message) << message.error().describe();
  EXPECT_EQ(message->annotation("x-opt-partition-key")->text(), "key");
  EXPECT_EQ(message->message_id.text(), "id");
  EXPECT_EQ(message->content_type.text(), "application/json");
  EXPECT_TRUE(message->reply_to.is_null());
  EXPECT_EQ(message->application_property("n")->integer(), 7);
  ASSERT_EQ(message->data.size(), 1U);
  EXPECT_EQ(message->data[0], "body");
  EXPECT_TRUE(bytes.ends_with(message->bare));
  EXPECT_EQ(parse_message(message->bare)->annotations.size(), 0U);
}

TEST(AmqpMessage, KeepsEveryDataSectionOfABatch) {
  Encoder out;
  for (const char* body : {"a", "b", "c"}) put_data(out, sample_message(body));
  const std::string bytes = out.take();
  const auto batch = parse_message(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->data.size(), 3U);
  EXPECT_FALSE(parse_message("nonsense"));
  EXPECT_FALSE(parse_message(bytes.substr(0, bytes.size() - 1)));
}

std::string frame(std::uint64_t performative, const std::function<std::uint32_t(Encoder&)>& fields,
                  std::string_view payload = "") {
  Encoder out;
  out.descriptor(performative);
  const auto list = out.begin_list();
  const std::uint32_t count = fields(out);
  out.end(list, count);
  out.raw(payload);
  const std::string body = out.take();
  const auto size = static_cast<std::uint32_t>(body.size() + 8);
  std::string head = {static_cast<char>(size >> 24U),
                      static_cast<char>(size >> 16U),
                      static_cast<char>(size >> 8U),
                      static_cast<char>(size),
                      2,
                      0,
                      0,
                      5};
  return head + body;
}

std::string attach_frame(std::uint32_t handle, std::string_view name) {
  return frame(0x12, [&](Encoder& out) {
    out.string(name);
    out.unsigned_integer(handle);
    out.boolean(false);  // the peer sends
    for (int i = 3; i < 12; ++i) out.null();
    out.symbol("wish");
    return 13;
  });
}

std::string transfer_frame(std::uint32_t handle, std::optional<std::uint32_t> format, bool more) {
  return frame(
      0x14,
      [&](Encoder& out) {
        out.unsigned_integer(handle);
        out.unsigned_integer(0);
        out.binary("t");
        format ? out.unsigned_integer(*format) : out.null();
        out.boolean(true);
        out.boolean(more);
        return 6;
      },
      "payload");
}

TEST(FrameTap, TellsTheFormatOfEachDelivery) {
  const std::string bytes = "AMQP\0\1\0\0"s + attach_frame(3, "sender") +
                            transfer_frame(3, 0x80013700, true) +
                            transfer_frame(3, std::nullopt, false) + transfer_frame(3, 0, false) +
                            transfer_frame(9, 77, false);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    FrameTap tap;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      EXPECT_TRUE(tap.feed(std::string_view(bytes).substr(at, step)));
    }
    EXPECT_EQ(tap.take_desired_capabilities("sender", true), std::vector<std::string>{"wish"});
    EXPECT_EQ(tap.take_message_format("sender"), 0x80013700U);
    EXPECT_EQ(tap.take_message_format("sender"), 0U);
    EXPECT_EQ(tap.take_message_format("sender"), 0U);
    EXPECT_EQ(tap.take_message_format("nobody"), 0U);
  }
}

TEST(FrameTap, KeepsDeliveriesWithoutIdFromTheEngine) {
  const auto nameless = frame(0x14, [](Encoder& out) {
    out.unsigned_integer(3);
    out.null();
    return 2;
  });
  FrameTap tap;
  EXPECT_TRUE(tap.feed(attach_frame(3, "sender") + transfer_frame(3, 0, true) + nameless));
  EXPECT_FALSE(tap.feed(nameless));
}

}  // namespace
}  // namespace drydock::amqp
