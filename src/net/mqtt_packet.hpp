// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1 control packets (OASIS standard, 29 October 2014) as values, without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace ferry::net::mqtt {

enum class QoS : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

// What an application sends or receives.
struct Message {
  std::string topic;
  std::string payload;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  bool duplicate = false;
  friend bool operator==(const Message&, const Message&) = default;
};

struct Connect {
  std::string client_id;
  bool clean_session = true;
  std::uint16_t keep_alive = 0;  // seconds; 0 is none
  std::optional<std::string> username;
  std::optional<Secret> password;
  std::optional<Message> will;
  friend bool operator==(const Connect&, const Connect&) = default;
};

enum class ConnectCode : std::uint8_t {  // table 3.1
  accepted = 0,
  unacceptable_protocol_version = 1,
  identifier_rejected = 2,
  server_unavailable = 3,
  bad_user_name_or_password = 4,
  not_authorized = 5,
};
std::string_view to_string(ConnectCode code);

struct Connack {
  bool session_present = false;
  ConnectCode code = ConnectCode::accepted;
  friend bool operator==(const Connack&, const Connack&) = default;
};
struct Publish {
  Message message;
  std::uint16_t packet_id = 0;  // 0 exactly when the QoS is 0
  friend bool operator==(const Publish&, const Publish&) = default;
};
struct Puback {
  std::uint16_t packet_id = 0;
  friend bool operator==(const Puback&, const Puback&) = default;
};
struct Pubrec {
  std::uint16_t packet_id = 0;
  friend bool operator==(const Pubrec&, const Pubrec&) = default;
};
struct Pubrel {
  std::uint16_t packet_id = 0;
  friend bool operator==(const Pubrel&, const Pubrel&) = default;
};
struct Pubcomp {
  std::uint16_t packet_id = 0;
  friend bool operator==(const Pubcomp&, const Pubcomp&) = default;
};
struct TopicFilter {
  std::string filter;
  QoS qos = QoS::at_most_once;
  friend bool operator==(const TopicFilter&, const TopicFilter&) = default;
};
struct Subscribe {
  std::uint16_t packet_id = 0;
  std::vector<TopicFilter> filters;
  friend bool operator==(const Subscribe&, const Subscribe&) = default;
};
inline constexpr std::uint8_t kSubscriptionRefused = 0x80;
struct Suback {
  std::uint16_t packet_id = 0;
  std::vector<std::uint8_t> codes;  // granted QoS, or kSubscriptionRefused
  friend bool operator==(const Suback&, const Suback&) = default;
};
struct Unsubscribe {
  std::uint16_t packet_id = 0;
  std::vector<std::string> filters;
  friend bool operator==(const Unsubscribe&, const Unsubscribe&) = default;
};
struct Unsuback {
  std::uint16_t packet_id = 0;
  friend bool operator==(const Unsuback&, const Unsuback&) = default;
};
struct Pingreq {
  friend bool operator==(const Pingreq&, const Pingreq&) = default;
};
struct Pingresp {
  friend bool operator==(const Pingresp&, const Pingresp&) = default;
};
struct Disconnect {
  friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

using Packet = std::variant<Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe,
                            Suback, Unsubscribe, Unsuback, Pingreq, Pingresp, Disconnect>;
std::string_view packet_name(const Packet& packet);  // "CONNECT", for messages to people

inline constexpr std::size_t kLargestRemainingLength = 268'435'455;  // section 2.2.3
inline constexpr std::size_t kLargestString = 65'535;                // section 1.5.3

// Appends the packet to `out`. Fails with Code::invalid_argument and leaves `out` as it was when
// the packet cannot be written: a string over 65,535 bytes, a packet over the remaining length, a
// packet id that is 0 where one is needed.
Result<void> encode(const Packet& packet, std::string& out);
// The same for PUBLISH without copying its parts into a packet.
Result<void> encode_publish(std::string_view topic, std::string_view payload, QoS qos,
                            std::uint16_t packet_id, std::string& out);

// Takes bytes as they come and gives whole packets.
class Decoder {
 public:
  // `max_packet` bounds the remaining length, and so the memory that a peer can make it use.
  explicit Decoder(std::size_t max_packet = kLargestRemainingLength) : max_packet_(max_packet) {}

  void feed(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole packet, or nothing until more bytes are fed. Malformed bytes are
  // Code::invalid_argument and name the broken rule, e.g. [MQTT-3.1.0-1]; over `max_packet` is
  // Code::resource_exhausted. After an error the decoder stays in it: close the connection.
  Result<std::optional<Packet>> next();

 private:
  std::size_t max_packet_;
  std::string buffer_;
  std::size_t consumed_ = 0;
  std::optional<Error> broken_;
};

// Section 4.7. A name has at least one byte, no wildcard and no U+0000; a filter may hold + and #,
// each alone in its level, # last.
bool is_valid_topic_name(std::string_view topic);
bool is_valid_topic_filter(std::string_view filter);
// Both must be valid. Filters that begin with a wildcard do not match topics that begin with '$'.
bool topic_matches(std::string_view filter, std::string_view topic);

}  // namespace ferry::net::mqtt
