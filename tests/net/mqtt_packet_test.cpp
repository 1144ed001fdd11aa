// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.hpp"

namespace ferry::net::mqtt {
namespace {

using testing::HasSubstr;

std::string bytes_of(const Packet& packet) {
  std::string out;
  const auto done = encode(packet, out);
  EXPECT_TRUE(done) << done.error().describe();
  return out;
}

Result<std::optional<Packet>> decode(std::string_view bytes, std::size_t limit = 1024 * 1024) {
  Decoder decoder(limit);
  decoder.feed(bytes);
  return decoder.next();
}

std::string hex(std::string_view text) {
  return hex_decode(text).value();
}

TEST(MqttEncode, WritesTheBytesOfTheStandard) {
  Connect connect;
  connect.client_id = "d";
  connect.keep_alive = 60;
  connect.username = "u";
  connect.password = Secret("p");
  EXPECT_EQ(hex_encode(bytes_of(connect)), "101300044d51545404c2003c000164000175000170");
  EXPECT_EQ(hex_encode(bytes_of(Connack{false, ConnectCode::not_authorized})), "20020005");
  EXPECT_EQ(hex_encode(bytes_of(Publish{{"a/b", "hi", QoS::at_least_once}, 10})),
            "32090003612f62000a6869");
  EXPECT_EQ(hex_encode(bytes_of(Subscribe{1, {{"a", QoS::at_least_once}}})),
            "820600010001"
            "6101");
  EXPECT_EQ(hex_encode(bytes_of(Suback{1, {0, kSubscriptionRefused}})), "900400010080");
  EXPECT_EQ(hex_encode(bytes_of(Pingreq{})), "c000");
  EXPECT_EQ(hex_encode(bytes_of(Disconnect{})), "e000");
}

TEST(MqttEncode, WritesTheRemainingLengthInUpToFourBytes) {
  for (const auto& [payload, header] :
       std::vector<std::pair<std::size_t, std::string>>{{124, "307f"},
                                                        {125, "308001"},
                                                        {16'380, "30ff7f"},
                                                        {16'381, "30808001"},
                                                        {2'097'149, "3080808001"}}) {
    std::string out;
    ASSERT_TRUE(encode_publish("t", std::string(payload, 'x'), QoS::at_most_once, 0, out));
    EXPECT_EQ(hex_encode(out.substr(0, header.size() / 2)), header);
    const auto back = decode(out, kLargestRemainingLength);
    ASSERT_TRUE(back && *back);
    EXPECT_EQ(std::get<Publish>(**back).message.payload.size(), payload);
  }
}

TEST(MqttEncode, LeavesTheOutputAloneWhenItFails) {
  std::string out = "kept";
  Connect connect;
  connect.client_id = std::string(70'000, 'x');
  EXPECT_FALSE(encode(connect, out));
  EXPECT_FALSE(encode(Subscribe{0, {{"a", QoS::at_most_once}}}, out));
  EXPECT_FALSE(encode(Publish{{"a/+", "", QoS::at_most_once}, 0}, out));
  EXPECT_FALSE(encode_publish("a", "", QoS::at_least_once, 0, out));
  EXPECT_EQ(out, "kept");
}

struct Malformed {
  std::string bytes;
  std::string rule;
};
class MqttMalformed : public testing::TestWithParam<Malformed> {};

TEST_P(MqttMalformed, IsRefusedWithItsRule) {
  const auto packet = decode(hex(GetParam().bytes));
  ASSERT_FALSE(packet);
  EXPECT_THAT(packet.error().message, HasSubstr(GetParam().rule));
}

INSTANTIATE_TEST_SUITE_P(
    Packets, MqttMalformed,
    testing::Values(Malformed{"0000", "MQTT-2.2.1"},                // type 0
                    Malformed{"f000", "MQTT-2.2.1"},                // type 15
                    Malformed{"c100", "MQTT-2.2.2-1"},              // flags of PINGREQ
                    Malformed{"8006000100016101", "MQTT-2.2.2-1"},  // flags of SUBSCRIBE
                    Malformed{"30ffffffff7f", "MQTT-2.2.3"},        // five length bytes
                    Malformed{"c00100", "MQTT-2.2.3"},              // bytes behind the end
                    Malformed{"40020000", "MQTT-2.3.1-1"},          // packet id 0
                    Malformed{"3603000161", "MQTT-3.3.1-4"},        // QoS 3
                    Malformed{"3803000161", "MQTT-3.3.1-2"},        // DUP with QoS 0
                    Malformed{"30020000", "MQTT-3.3.2-2"},          // empty topic
                    Malformed{"300300012b", "MQTT-3.3.2-2"},        // wildcard in a name
                    Malformed{"30040002c080", "MQTT-1.5.3-1"},      // over-long UTF-8
                    Malformed{"3003000100", "MQTT-1.5.3-1"},        // U+0000
                    Malformed{"3003000461", "MQTT-2.2.3"},          // string beyond the end
                    Malformed{"82020001", "MQTT-3.8.3-3"},          // no filter
                    Malformed{"82060001000161"
                              "03",
                              "MQTT-3.8.3-4"},                        // requested QoS 3
                    Malformed{"820700010002612b00", "MQTT-4.7.1-2"},  // "a+"
                    Malformed{"a2020001", "MQTT-3.10.3-2"},           // no filter
                    Malformed{"900300010"
                              "3",
                              "MQTT-3.9.3-2"},  // return code 3

                    Malformed{"20020106", "MQTT-3.2.2-6"},  // return code 6
                    Malformed{"100d00044d51545404030000000164", "MQTT-3.1.2-3"},
                    Malformed{"100d00044d51545404420000000164", "MQTT-3.1.2-22"},
                    Malformed{"100d00044d51545404220000000164", "MQTT-3.1.2-11"},
                    Malformed{"100d00044d51545304020000000164", "MQTT-3.1.2-1"},
                    Malformed{"100d00044d51545405020000000164", "MQTT-3.1.2-2"}));

TEST(MqttDecode, RefusesAPacketOverTheLimitBeforeItArrives) {
  Decoder decoder(100);
  decoder.feed(hex("30e507"));  // announces 997 bytes
  const auto packet = decoder.next();
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error().code, Code::resource_exhausted);
  decoder.feed(hex("c000"));
  EXPECT_FALSE(decoder.next()) << "it stays in the error";
}

TEST(MqttDecode, NeverPrintsThePassword) {
  Connect connect;
  connect.client_id = "d";
  connect.username = "u";
  connect.password = Secret("very-secret");
  std::string bytes = bytes_of(connect) + "x";
  bytes[1] = static_cast<char>(bytes[1] + 1);  // one byte too many
  const auto packet = decode(bytes);
  ASSERT_FALSE(packet);
  EXPECT_THAT(packet.error().describe(), testing::Not(HasSubstr("very-secret")));
}

rc::Gen<std::string> topics() {
  return rc::gen::nonEmpty(rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("abcXYZ0123456789/$-_ %&=?."))));
}
rc::Gen<std::string> any_bytes() {
  return rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}
rc::Gen<std::uint16_t> ids() {
  return rc::gen::inRange<std::uint16_t>(1, 65'535);
}
QoS any_qos() {
  return static_cast<QoS>(*rc::gen::inRange(0, 3));
}

Message any_message() {
  Message message{*topics(), *any_bytes(), any_qos(), *rc::gen::arbitrary<bool>()};
  message.duplicate = message.qos != QoS::at_most_once && *rc::gen::arbitrary<bool>();
  return message;
}

Packet any_packet() {
  switch (*rc::gen::inRange(0, 14)) {
    case 0: {
      Connect packet;
      packet.client_id = *topics();
      packet.clean_session = *rc::gen::arbitrary<bool>();
      packet.keep_alive = *rc::gen::arbitrary<std::uint16_t>();
      if (*rc::gen::arbitrary<bool>()) {
        packet.username = *topics();
        if (*rc::gen::arbitrary<bool>()) packet.password = Secret(*any_bytes());
      }
      if (*rc::gen::arbitrary<bool>()) {
        packet.will = any_message();
        packet.will->duplicate = false;
      }
      return packet;
    }
    case 1:
      return Connack{false, static_cast<ConnectCode>(*rc::gen::inRange(0, 6))};
    case 2: {
      Message message = any_message();
      const std::uint16_t id = message.qos == QoS::at_most_once ? std::uint16_t{0} : *ids();
      return Publish{std::move(message), id};
    }
    case 3:
      return Puback{*ids()};
    case 4:
      return Pubrec{*ids()};
    case 5:
      return Pubrel{*ids()};
    case 6:
      return Pubcomp{*ids()};
    case 7:
      return Subscribe{*ids(), {{*topics(), any_qos()}, {*topics() + "/#", any_qos()}}};
    case 8:
      return Suback{*ids(), {0, 1, kSubscriptionRefused}};
    case 9:
      return Unsubscribe{*ids(), {*topics(), "+/" + *topics()}};
    case 10:
      return Unsuback{*ids()};
    case 11:
      return Pingreq{};
    case 12:
      return Pingresp{};
    default:
      return Disconnect{};
  }
}

RC_GTEST_PROP(MqttPackets, DecodeToWhatWasEncodedHoweverTheBytesAreCut, ()) {
  std::vector<Packet> packets;
  std::string bytes;
  const int count = *rc::gen::inRange(1, 5);
  for (int index = 0; index < count; ++index) {
    packets.push_back(any_packet());
    RC_ASSERT(encode(packets.back(), bytes).has_value());
  }
  Decoder decoder;
  std::vector<Packet> decoded;
  while (!bytes.empty()) {
    const auto piece = *rc::gen::inRange<std::size_t>(1, 20);
    decoder.feed(std::string_view(bytes).substr(0, piece));
    bytes.erase(0, piece);
    while (true) {
      auto packet = decoder.next();
      RC_ASSERT(packet.has_value());
      if (!*packet) break;
      decoded.push_back(**std::move(packet));
    }
  }
  RC_ASSERT(decoded == packets);
}

RC_GTEST_PROP(MqttDecode, SurvivesGarbage, ()) {
  std::string bytes;
  RC_ASSERT(encode(any_packet(), bytes).has_value());
  const auto position = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[position] = *rc::gen::arbitrary<char>();
  bytes += *any_bytes();
  bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
  Decoder decoder(4096);
  decoder.feed(bytes);
  while (true) {
    const auto packet = decoder.next();
    if (!packet || !*packet) break;
  }
}

TEST(MqttTopics, MatchAsTheStandardSays) {
  EXPECT_TRUE(topic_matches("sport/tennis/player1/#", "sport/tennis/player1"));
  EXPECT_TRUE(topic_matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  EXPECT_TRUE(topic_matches("sport/tennis/+", "sport/tennis/player1"));
  EXPECT_FALSE(topic_matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(topic_matches("sport/+", "sport"));
  EXPECT_TRUE(topic_matches("sport/+", "sport/"));
  EXPECT_TRUE(topic_matches("+/+", "/finance"));
  EXPECT_TRUE(topic_matches("/+", "/finance"));
  EXPECT_FALSE(topic_matches("+", "/finance"));
  EXPECT_FALSE(topic_matches("#", "$iothub/twin/res/200"));
  EXPECT_TRUE(topic_matches("$iothub/twin/res/#", "$iothub/twin/res/200/?$rid=1"));
}

TEST(MqttTopics, AreValidOrNot) {
  for (const char* filter : {"a", "/", "#", "+", "a/#", "+/b/#", "a/+/b", "a//b"}) {
    EXPECT_TRUE(is_valid_topic_filter(filter)) << filter;
  }
  for (const char* filter : {"", "a#", "a/#/b", "a+/b", "+a", "##"}) {
    EXPECT_FALSE(is_valid_topic_filter(filter)) << filter;
  }
  EXPECT_FALSE(is_valid_topic_name("a/+"));
  EXPECT_FALSE(is_valid_topic_name(""));
  EXPECT_TRUE(is_valid_topic_name("$iothub/methods/POST/restart/?$rid=1"));
}

}  // namespace
}  // namespace ferry::net::mqtt
