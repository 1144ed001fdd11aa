// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_packet.hpp"
#include "net/mqtt_text.hpp"

namespace ferry::net::mqtt {
namespace {

Unexpected malformed(std::string_view what, std::string_view rule) {
  return fail(Code::invalid_argument, "malformed MQTT packet: {} [{}]", what, rule);
}

// Reads the variable header and payload. The first thing that goes wrong is kept; what is read
// after it is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8() {
    const std::string_view byte = take(1);
    return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte[0]);
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    const unsigned low = u8();
    return static_cast<std::uint16_t>(high << 8 | low);
  }
  std::string_view binary() { return take(u16()); }
  std::string text(std::string_view name) {
    const std::string_view bytes = binary();
    if (!is_valid_text(bytes)) {
      reject(fmt::format("{} is not UTF-8 without U+0000", name), "MQTT-1.5.3-1");
    }
    return std::string(bytes);
  }
  std::uint16_t packet_id() {
    const std::uint16_t id = u16();
    if (id == 0) reject("packet id is 0", "MQTT-2.3.1-1");
    return id;
  }
  std::string_view take_rest() { return take(rest_.size()); }
  bool at_end() const { return rest_.empty(); }

  void reject(std::string what, std::string_view rule) {
    if (!error_) error_ = malformed(what, rule).value();
  }
  bool failed() const { return error_.has_value(); }

  // `packet`, or the error. Bytes left over are one.
  template <class T>
  Result<Packet> finish(T packet) {
    if (!at_end()) reject("bytes behind the end", "MQTT-2.2.3");
    if (error_) return fail(*std::move(error_));
    return Packet(std::move(packet));
  }

 private:
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      reject("it ends too early", "MQTT-2.2.3");
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view rest_;
  std::optional<Error> error_;
};

Result<Packet> decode_connect(Reader reader) {
  const std::string protocol = reader.text("protocol name");
  if (protocol != "MQTT") reader.reject("protocol name is not MQTT", "MQTT-3.1.2-1");
  const unsigned level = reader.u8();
  if (!reader.failed() && level != 4) {
    return fail(Code::unsupported, "MQTT protocol level {} is not 4 (3.1.1) [MQTT-3.1.2-2]", level);
  }
  const unsigned flags = reader.u8();
  if (flags & 0x01) reader.reject("reserved connect flag is set", "MQTT-3.1.2-3");
  const bool has_will = flags & 0x04;
  const unsigned will_qos = flags >> 3 & 3;
  const bool will_retain = flags & 0x20;
  if (!has_will && (will_qos != 0 || will_retain)) {
    reader.reject("will flags without a will", "MQTT-3.1.2-11");
  }
  if (will_qos == 3) reader.reject("will QoS is 3", "MQTT-3.1.2-14");
  const bool has_password = flags & 0x40;
  const bool has_username = flags & 0x80;
  if (has_password && !has_username) {
    reader.reject("password without user name", "MQTT-3.1.2-22");
  }
  Connect packet;
  packet.clean_session = flags & 0x02;
  packet.keep_alive = reader.u16();
  packet.client_id = reader.text("client id");
  if (has_will) {
    Message will;
    will.topic = reader.text("will topic");
    if (!is_valid_topic_name(will.topic)) {
      reader.reject("will topic is empty or has a wildcard", "MQTT-3.3.2-2");
    }
    will.payload = reader.binary();
    will.qos = static_cast<QoS>(will_qos);
    will.retain = will_retain;
    packet.will = std::move(will);
  }
  if (has_username) packet.username = reader.text("user name");
  if (has_password) packet.password = Secret(std::string(reader.binary()));
  return reader.finish(std::move(packet));
}

Result<Packet> decode_connack(Reader reader) {
  const unsigned flags = reader.u8();
  const unsigned code = reader.u8();
  if (flags > 1) reader.reject("reserved acknowledge flags are set", "MQTT-3.2.2-1");
  if (code > 5) reader.reject("reserved return code", "MQTT-3.2.2-6");
  if (flags == 1 && code != 0) reader.reject("session present in a refusal", "MQTT-3.2.2-4");
  return reader.finish(Connack{flags == 1, static_cast<ConnectCode>(code)});
}

Result<Packet> decode_publish(unsigned flags, Reader reader) {
  Publish packet;
  const unsigned qos = flags >> 1 & 3;
  if (qos == 3) reader.reject("QoS is 3", "MQTT-3.3.1-4");
  packet.message.qos = static_cast<QoS>(qos);
  packet.message.retain = flags & 0x01;
  packet.message.duplicate = flags & 0x08;
  if (qos == 0 && packet.message.duplicate) reader.reject("DUP with QoS 0", "MQTT-3.3.1-2");
  packet.message.topic = reader.text("topic name");
  if (!is_valid_topic_name(packet.message.topic)) {
    reader.reject("topic name is empty or has a wildcard", "MQTT-3.3.2-2");
  }
  if (qos != 0) packet.packet_id = reader.packet_id();
  packet.message.payload = reader.take_rest();
  return reader.finish(std::move(packet));
}

Result<Packet> decode_subscribe(Reader reader) {
  Subscribe packet;
  packet.packet_id = reader.packet_id();
  if (reader.at_end()) reader.reject("SUBSCRIBE without a filter", "MQTT-3.8.3-3");
  while (!reader.at_end() && !reader.failed()) {
    TopicFilter filter;
    filter.filter = reader.text("topic filter");
    if (!is_valid_topic_filter(filter.filter)) reader.reject("bad topic filter", "MQTT-4.7.1-2");
    const unsigned qos = reader.u8();
    if (qos > 2) reader.reject("requested QoS is not 0, 1 or 2", "MQTT-3.8.3-4");
    filter.qos = static_cast<QoS>(qos & 3);
    packet.filters.push_back(std::move(filter));
  }
  return reader.finish(std::move(packet));
}

Result<Packet> decode_suback(Reader reader) {
  Suback packet;
  packet.packet_id = reader.packet_id();
  while (!reader.at_end()) {
    packet.codes.push_back(reader.u8());
    if (packet.codes.back() > 2 && packet.codes.back() != kSubscriptionRefused) {
      reader.reject("reserved return code", "MQTT-3.9.3-2");
    }
  }
  return reader.finish(std::move(packet));
}

Result<Packet> decode_unsubscribe(Reader reader) {
  Unsubscribe packet;
  packet.packet_id = reader.packet_id();
  if (reader.at_end()) reader.reject("UNSUBSCRIBE without a filter", "MQTT-3.10.3-2");
  while (!reader.at_end() && !reader.failed()) {
    packet.filters.push_back(reader.text("topic filter"));
    if (!is_valid_topic_filter(packet.filters.back())) {
      reader.reject("bad topic filter", "MQTT-4.7.1-2");
    }
  }
  return reader.finish(std::move(packet));
}

template <class T>
Result<Packet> decode_id_only(Reader reader) {
  T packet;
  packet.packet_id = reader.packet_id();
  return reader.finish(packet);
}

Result<Packet> decode_body(unsigned first_byte, std::string_view body) {
  const unsigned type = first_byte >> 4;
  const unsigned flags = first_byte & 0x0F;
  const unsigned wanted_flags = type == 6 || type == 8 || type == 10 ? 2 : 0;
  if (type != 3 && flags != wanted_flags) {
    return malformed(fmt::format("reserved flags of packet type {}", type), "MQTT-2.2.2-1");
  }
  Reader reader(body);
  switch (type) {
    case 1:
      return decode_connect(reader);
    case 2:
      return decode_connack(reader);
    case 3:
      return decode_publish(flags, reader);
    case 4:
      return decode_id_only<Puback>(reader);
    case 5:
      return decode_id_only<Pubrec>(reader);
    case 6:
      return decode_id_only<Pubrel>(reader);
    case 7:
      return decode_id_only<Pubcomp>(reader);
    case 8:
      return decode_subscribe(reader);
    case 9:
      return decode_suback(reader);
    case 10:
      return decode_unsubscribe(reader);
    case 11:
      return decode_id_only<Unsuback>(reader);
    case 12:
      return reader.finish(Pingreq{});
    case 13:
      return reader.finish(Pingresp{});
    case 14:
      return reader.finish(Disconnect{});
    default:
      return malformed(fmt::format("reserved packet type {}", type), "MQTT-2.2.1");
  }
}

struct FixedHeader {
  unsigned first_byte = 0;
  std::size_t header_length = 0;
  std::size_t remaining = 0;
};

// Nothing when the header is not complete yet.
Result<std::optional<FixedHeader>> decode_header(std::string_view bytes) {
  if (bytes.empty()) return std::optional<FixedHeader>();
  FixedHeader header;
  header.first_byte = static_cast<unsigned char>(bytes[0]);
  for (std::size_t index = 1; index <= 4; ++index) {
    if (index >= bytes.size()) return std::optional<FixedHeader>();
    const auto digit = static_cast<unsigned char>(bytes[index]);
    header.remaining |= static_cast<std::size_t>(digit & 0x7F) << (7 * (index - 1));
    if ((digit & 0x80) == 0) {
      header.header_length = index + 1;
      return std::optional<FixedHeader>(header);
    }
  }
  return malformed("remaining length has more than four bytes", "MQTT-2.2.3");
}

}  // namespace

Result<std::optional<Packet>> Decoder::next() {
  if (broken_) return fail(*broken_);
  const std::string_view bytes = std::string_view(buffer_).substr(consumed_);
  auto header = decode_header(bytes);
  if (header && *header && (*header)->remaining > max_packet_) {
    header = fail(Code::resource_exhausted, "MQTT packet of {} bytes is over the limit of {}",
                  (*header)->remaining, max_packet_);
  }
  if (!header) {
    broken_ = header.error();
    return fail(*broken_);
  }
  if (!*header || bytes.size() < (*header)->header_length + (*header)->remaining) {
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    return std::optional<Packet>();
  }
  auto packet = decode_body((*header)->first_byte,
                            bytes.substr((*header)->header_length, (*header)->remaining));
  if (!packet) {
    broken_ = std::move(packet).error();
    return fail(*broken_);
  }
  consumed_ += (*header)->header_length + (*header)->remaining;
  return std::optional<Packet>(*std::move(packet));
}

}  // namespace ferry::net::mqtt
