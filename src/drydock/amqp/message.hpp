// SPDX-License-Identifier: Apache-2.0
// AMQP messages (part 3, s.3.2): taken apart without being changed, and put together.
#pragma once

#include <vector>

#include "drydock/amqp/codec.hpp"

namespace drydock::amqp {

inline constexpr std::uint64_t kHeader = 0x70;
inline constexpr std::uint64_t kDeliveryAnnotations = 0x71;
inline constexpr std::uint64_t kMessageAnnotations = 0x72;
inline constexpr std::uint64_t kProperties = 0x73;
inline constexpr std::uint64_t kApplicationProperties = 0x74;
inline constexpr std::uint64_t kData = 0x75;
inline constexpr std::uint64_t kSequence = 0x76;
inline constexpr std::uint64_t kValue = 0x77;
inline constexpr std::uint64_t kFooter = 0x78;

struct Entry {
  std::string_view key;
  Value value;
};

// A message's sections, borrowed from its bytes.
struct Message {
  std::vector<Entry> annotations;             // keys that are no text are left out
  std::vector<Entry> application_properties;  // likewise
  Value message_id;
  Value user_id;
  Value to;
  Value reply_to;
  Value correlation_id;
  Value content_type;
  Value content_encoding;
  Value absolute_expiry_time;
  std::vector<std::string_view> data;  // content of each data section
  std::optional<Value> value;          // of an amqp-value section
  std::string_view bare;               // from properties to the end of the body, as they came

  const Value* application_property(std::string_view key) const;
  const Value* annotation(std::string_view key) const;
};

// Code::invalid_argument with what is wrong.
ferry::Result<Message> parse_message(std::string_view bytes);

// Starts a map section; the entries follow, then Encoder::end(mark, 2 * entries).
inline Encoder::Mark begin_map_section(Encoder& out, std::uint64_t section) {
  out.descriptor(section);
  return out.begin_map();
}
void put_data(Encoder& out, std::string_view bytes);

// The properties section; what is not set is null.
struct Properties {
  std::string_view message_id;
  std::string_view user_id;
  std::string_view to;
  std::string_view raw_correlation_id;  // an encoded value
  std::string_view correlation_id;
  std::string_view content_type;
  std::string_view content_encoding;
  bool empty() const;
};
void put_properties(Encoder& out, const Properties& properties);

}  // namespace drydock::amqp
