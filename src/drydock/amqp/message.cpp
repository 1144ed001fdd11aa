// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/message.hpp"

#include <algorithm>

namespace drydock::amqp {
namespace {

using ferry::Code;
using ferry::fail;
using ferry::Result;

Result<std::vector<Entry>> read_map(const Value& value) {
  std::vector<Entry> entries;
  if (value.is_null()) return entries;
  if (!value.is_map()) return fail(Code::invalid_argument, "a section of a message is no map");
  Reader reader(value.items());
  while (!reader.at_end()) {
    auto key = reader.next();
    if (!key) return fail(std::move(key).error());
    auto item = reader.next();
    if (!item) return fail(std::move(item).error());
    if (const auto name = key->text()) entries.push_back({*name, *item});
  }
  return entries;
}

Result<void> read_properties(const Value& value, Message& message) {
  if (!value.is_list()) return fail(Code::invalid_argument, "the message's properties are no list");
  Reader reader(value.items());
  Value subject;
  for (Value* field : {&message.message_id, &message.user_id, &message.to, &subject,
                       &message.reply_to, &message.correlation_id, &message.content_type,
                       &message.content_encoding, &message.absolute_expiry_time}) {
    auto next = reader.next_or_null();
    if (!next) return fail(std::move(next).error());
    *field = *next;
  }
  return {};
}

Result<void> read_section(const Value& section, Message& message) {
  const auto code = section.descriptor();
  const auto content = section.described();
  if (!code || !content) return fail(Code::invalid_argument, "a message consists of sections");
  switch (*code) {
    case kMessageAnnotations: {
      auto entries = read_map(*content);
      if (!entries) return fail(std::move(entries).error());
      message.annotations = *std::move(entries);
      return {};
    }
    case kApplicationProperties: {
      auto entries = read_map(*content);
      if (!entries) return fail(std::move(entries).error());
      message.application_properties = *std::move(entries);
      return {};
    }
    case kProperties:
      return read_properties(*content, message);
    case kData: {
      const auto bytes = content->binary();
      if (!bytes) return fail(Code::invalid_argument, "a data section holds binary data");
      message.data.push_back(*bytes);
      return {};
    }
    case kValue:
      message.value = *content;
      return {};
    case kHeader:
    case kDeliveryAnnotations:
    case kSequence:
    case kFooter:
      return {};
    default:
      return fail(Code::invalid_argument, "a message has no section {:#x}", *code);
  }
}

const Value* find_entry(const std::vector<Entry>& entries, std::string_view key) {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &found->value;
}

void put_text(Encoder& out, std::string_view value) {
  value.empty() ? out.null() : out.string(value);
}
void put_symbol(Encoder& out, std::string_view value) {
  value.empty() ? out.null() : out.symbol(value);
}

}  // namespace

const Value* Message::application_property(std::string_view key) const {
  return find_entry(application_properties, key);
}
const Value* Message::annotation(std::string_view key) const {
  return find_entry(annotations, key);
}

Result<Message> parse_message(std::string_view bytes) {
  Message message;
  Reader reader(bytes);
  std::size_t bare_begin = bytes.size();
  std::size_t bare_end = bytes.size();
  while (!reader.at_end()) {
    const std::size_t at = bytes.size() - reader.rest().size();
    auto section = reader.next();
    if (!section) return fail(std::move(section).error());
    auto read = read_section(*section, message);
    if (!read) return fail(std::move(read).error());
    const std::uint64_t code = section->descriptor().value_or(0);
    if (code >= kProperties && code <= kValue) bare_begin = std::min(bare_begin, at);
    if (code == kFooter) bare_end = std::min(bare_end, at);
  }
  if (bare_begin < bare_end) message.bare = bytes.substr(bare_begin, bare_end - bare_begin);
  return message;
}

void put_data(Encoder& out, std::string_view bytes) {
  out.descriptor(kData);
  out.binary(bytes);
}

bool Properties::empty() const {
  return message_id.empty() && user_id.empty() && to.empty() && raw_correlation_id.empty() &&
         correlation_id.empty() && content_type.empty() && content_encoding.empty();
}

void put_properties(Encoder& out, const Properties& properties) {
  out.descriptor(kProperties);
  const auto list = out.begin_list();
  put_text(out, properties.message_id);
  properties.user_id.empty() ? out.null() : out.binary(properties.user_id);
  put_text(out, properties.to);
  out.null();  // subject
  out.null();  // reply-to
  if (!properties.raw_correlation_id.empty()) {
    out.raw(properties.raw_correlation_id);
  } else {
    put_text(out, properties.correlation_id);
  }
  put_symbol(out, properties.content_type);
  put_symbol(out, properties.content_encoding);
  out.end(list, 8);
}

}  // namespace drydock::amqp
