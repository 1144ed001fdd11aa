// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_packet.hpp"
#include "net/mqtt_text.hpp"

namespace ferry::net::mqtt {
namespace {

void put_u8(std::string& out, unsigned value) {
  out.push_back(static_cast<char>(value));
}
void put_u16(std::string& out, unsigned value) {
  put_u8(out, value >> 8 & 0xFF);
  put_u8(out, value & 0xFF);
}

Result<void> put_binary(std::string& out, std::string_view bytes, std::string_view name) {
  if (bytes.size() > kLargestString) {
    return fail(Code::invalid_argument, "MQTT {} has {} bytes, at most 65535 fit [MQTT-1.5.3]",
                name, bytes.size());
  }
  put_u16(out, static_cast<unsigned>(bytes.size()));
  out.append(bytes);
  return {};
}

Result<void> put_text(std::string& out, std::string_view text, std::string_view name) {
  if (!is_valid_text(text)) {
    return fail(Code::invalid_argument, "MQTT {} is not UTF-8 without U+0000 [MQTT-1.5.3-1]", name);
  }
  return put_binary(out, text, name);
}

Result<void> put_id(std::string& out, std::uint16_t id) {
  if (id == 0) return fail(Code::invalid_argument, "MQTT packet id is 0 [MQTT-2.3.1-1]");
  put_u16(out, id);
  return {};
}

// Writes the fixed header and makes room; the remaining length (section 2.2.3) is known already.
Result<void> put_header(std::string& out, unsigned first_byte, std::size_t remaining) {
  if (remaining > kLargestRemainingLength) {
    return fail(Code::invalid_argument, "MQTT packet of {} bytes is over the limit of 268435455",
                remaining);
  }
  put_u8(out, first_byte);
  do {
    const auto digit = static_cast<unsigned>(remaining & 0x7F);
    remaining >>= 7;
    put_u8(out, remaining > 0 ? digit | 0x80 : digit);
  } while (remaining > 0);
  return {};
}

Result<void> put_packet(std::string& out, unsigned first_byte, std::string_view body) {
  if (auto header = put_header(out, first_byte, body.size()); !header) return header;
  out.append(body);
  return {};
}

Result<void> connect_body(const Connect& connect, std::string& body) {
  if (connect.password && !connect.username) {
    return fail(Code::invalid_argument, "MQTT password without user name [MQTT-3.1.2-22]");
  }
  if (connect.client_id.empty() && !connect.clean_session) {
    return fail(Code::invalid_argument,
                "MQTT client id is empty without a clean session [MQTT-3.1.3-7]");
  }
  put_u16(body, 4);
  body += "MQTT\x04";
  unsigned flags = connect.clean_session ? 0x02 : 0;
  if (const auto& will = connect.will) {
    flags |= 0x04U | static_cast<unsigned>(will->qos) << 3 | (will->retain ? 0x20U : 0U);
  }
  if (connect.password) flags |= 0x40;
  if (connect.username) flags |= 0x80;
  put_u8(body, flags);
  put_u16(body, connect.keep_alive);
  auto done = put_text(body, connect.client_id, "client id");
  if (done && connect.will) done = put_text(body, connect.will->topic, "will topic");
  if (done && connect.will) done = put_binary(body, connect.will->payload, "will message");
  if (done && connect.username) done = put_text(body, *connect.username, "user name");
  if (done && connect.password) done = put_binary(body, connect.password->reveal(), "password");
  return done;
}

struct Encoder {
  std::string& out;

  Result<void> id_only(unsigned first_byte, std::uint16_t id) {
    std::string body;
    if (auto done = put_id(body, id); !done) return done;
    return put_packet(out, first_byte, body);
  }

  Result<void> operator()(const Connect& packet) {
    std::string body;
    if (auto done = connect_body(packet, body); !done) return done;
    return put_packet(out, 0x10, body);
  }
  Result<void> operator()(const Connack& packet) {
    const char body[] = {packet.session_present ? '\x01' : '\x00', static_cast<char>(packet.code)};
    return put_packet(out, 0x20, std::string_view(body, sizeof body));
  }
  Result<void> operator()(const Publish& packet) {
    const Message& message = packet.message;
    const std::size_t start = out.size();
    auto done = encode_publish(message.topic, message.payload, message.qos, packet.packet_id, out);
    if (!done) return done;
    unsigned first_byte = static_cast<unsigned char>(out[start]);
    if (message.retain) first_byte |= 0x01;
    if (message.duplicate && message.qos != QoS::at_most_once) first_byte |= 0x08;
    out[start] = static_cast<char>(first_byte);
    return {};
  }
  Result<void> operator()(const Puback& packet) { return id_only(0x40, packet.packet_id); }
  Result<void> operator()(const Pubrec& packet) { return id_only(0x50, packet.packet_id); }
  Result<void> operator()(const Pubrel& packet) { return id_only(0x62, packet.packet_id); }
  Result<void> operator()(const Pubcomp& packet) { return id_only(0x70, packet.packet_id); }
  Result<void> operator()(const Subscribe& packet) {
    if (packet.filters.empty()) {
      return fail(Code::invalid_argument, "MQTT SUBSCRIBE without a filter [MQTT-3.8.3-3]");
    }
    std::string body;
    auto done = put_id(body, packet.packet_id);
    for (const TopicFilter& filter : packet.filters) {
      if (done) done = put_text(body, filter.filter, "topic filter");
      put_u8(body, static_cast<unsigned>(filter.qos));
    }
    if (!done) return done;
    return put_packet(out, 0x82, body);
  }
  Result<void> operator()(const Suback& packet) {
    std::string body;
    if (auto done = put_id(body, packet.packet_id); !done) return done;
    for (std::uint8_t code : packet.codes) put_u8(body, code);
    return put_packet(out, 0x90, body);
  }
  Result<void> operator()(const Unsubscribe& packet) {
    if (packet.filters.empty()) {
      return fail(Code::invalid_argument, "MQTT UNSUBSCRIBE without a filter [MQTT-3.10.3-2]");
    }
    std::string body;
    auto done = put_id(body, packet.packet_id);
    for (const std::string& filter : packet.filters) {
      if (done) done = put_text(body, filter, "topic filter");
    }
    if (!done) return done;
    return put_packet(out, 0xA2, body);
  }
  Result<void> operator()(const Unsuback& packet) { return id_only(0xB0, packet.packet_id); }
  Result<void> operator()(const Pingreq&) { return put_packet(out, 0xC0, {}); }
  Result<void> operator()(const Pingresp&) { return put_packet(out, 0xD0, {}); }
  Result<void> operator()(const Disconnect&) { return put_packet(out, 0xE0, {}); }
};

}  // namespace

std::string_view to_string(ConnectCode code) {
  switch (code) {
    case ConnectCode::accepted:
      return "connection accepted";
    case ConnectCode::unacceptable_protocol_version:
      return "unacceptable protocol version";
    case ConnectCode::identifier_rejected:
      return "client identifier rejected";
    case ConnectCode::server_unavailable:
      return "server unavailable";
    case ConnectCode::bad_user_name_or_password:
      return "bad user name or password";
    case ConnectCode::not_authorized:
      return "not authorized";
  }
  return "unknown return code";
}

std::string_view packet_name(const Packet& packet) {
  static constexpr std::string_view kNames[] = {
      "CONNECT",   "CONNACK", "PUBLISH",     "PUBACK",   "PUBREC",  "PUBREL",   "PUBCOMP",
      "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT"};
  return kNames[packet.index()];
}

Result<void> encode(const Packet& packet, std::string& out) {
  const std::size_t start = out.size();
  auto done = std::visit(Encoder{out}, packet);
  if (!done) out.resize(start);
  return done;
}

Result<void> encode_publish(std::string_view topic, std::string_view payload, QoS qos,
                            std::uint16_t packet_id, std::string& out) {
  if (!is_valid_topic_name(topic)) {
    return fail(
        Code::invalid_argument,
        "MQTT topic name is empty, too long, has a wildcard or is not UTF-8 [MQTT-3.3.2-2]");
  }
  if ((qos == QoS::at_most_once) != (packet_id == 0)) {
    return fail(Code::invalid_argument,
                "MQTT PUBLISH has a packet id exactly when its QoS is not 0 [MQTT-2.3.1-5]");
  }
  const std::size_t remaining =
      2 + topic.size() + (qos == QoS::at_most_once ? 0U : 2U) + payload.size();
  auto header = put_header(out, 0x30U | static_cast<unsigned>(qos) << 1, remaining);
  if (!header) return header;
  put_u16(out, static_cast<unsigned>(topic.size()));
  out.append(topic);
  if (qos != QoS::at_most_once) put_u16(out, packet_id);
  out.append(payload);
  return {};
}

}  // namespace ferry::net::mqtt
