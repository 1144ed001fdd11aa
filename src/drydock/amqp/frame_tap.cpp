// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/frame_tap.hpp"

namespace drydock::amqp {
namespace {

constexpr std::size_t kFrameHead = 8;
constexpr std::size_t kLongestFrame = 1024 * 1024;  // the engine announces far less
constexpr std::uint64_t kOpen = 0x10;
constexpr std::uint64_t kAttach = 0x12;
constexpr std::uint64_t kTransfer = 0x14;
constexpr std::uint64_t kDetach = 0x16;
constexpr std::uint64_t kEnd = 0x17;
constexpr std::uint64_t kClose = 0x18;
constexpr std::size_t kMostHandles = 4096;

std::uint64_t number_at(std::string_view bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

// Field `index` of a performative.
Value field_of(const Value& fields, std::size_t index) {
  Reader reader(fields.items());
  for (std::size_t i = 0;; ++i) {
    const auto value = reader.next_or_null();
    if (!value) return {};
    if (i == index) return *value;
  }
}

// As narrowly as the engine looks at it.
bool is_uint(const Value& value) {
  const std::string_view encoded = value.encoded();
  return !encoded.empty() && (encoded[0] == '\x43' || encoded[0] == '\x52' || encoded[0] == '\x70');
}

std::vector<std::string> symbols_of(const Value& value) {
  std::vector<std::string> symbols;
  if (const auto one = value.text()) symbols.emplace_back(*one);
  // An array of symbols: the constructor of all, then each with a size of 1 or 4 bytes.
  const std::string_view encoded = value.encoded();
  if (encoded.empty()) return symbols;
  const auto code = static_cast<unsigned char>(encoded[0]);
  if (code != 0xe0 && code != 0xf0) return symbols;
  std::string_view items = value.items();
  if (items.empty() || (items[0] != '\xa3' && items[0] != '\xb3')) return symbols;
  const std::size_t width = items[0] == '\xa3' ? 1 : 4;
  items.remove_prefix(1);
  while (items.size() >= width) {
    const std::uint64_t size = number_at(items, width);
    items.remove_prefix(width);
    if (size > items.size()) break;
    symbols.emplace_back(items.substr(0, static_cast<std::size_t>(size)));
    items.remove_prefix(static_cast<std::size_t>(size));
  }
  return symbols;
}

}  // namespace

bool FrameTap::feed(std::string_view bytes) {
  if (broken_) return false;
  buffer_ += bytes;
  std::string_view rest = buffer_;
  while (rest.size() >= kFrameHead) {
    if (rest.starts_with("AMQP")) {  // a protocol header, as long as a frame's head
      rest.remove_prefix(kFrameHead);
      continue;
    }
    const std::uint64_t size = number_at(rest, 4);
    if (size < kFrameHead || size > kLongestFrame) {
      broken_ = true;
      return true;  // the engine says what is wrong with it
    }
    if (rest.size() < size) break;
    if (!read_frame(rest.substr(0, static_cast<std::size_t>(size)))) {
      broken_ = true;
      return false;
    }
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
  buffer_.erase(0, buffer_.size() - rest.size());
  return true;
}

bool FrameTap::read_frame(std::string_view frame) {
  const std::size_t body = 4U * static_cast<unsigned char>(frame[4]);
  const bool is_amqp = frame[5] == 0;
  if (!is_amqp || body < kFrameHead || body >= frame.size()) return true;
  const auto channel = static_cast<std::uint16_t>(number_at(frame.substr(6), 2));
  Reader reader(frame.substr(body));
  const auto performative = reader.next();
  if (!performative) return false;
  const auto code = performative->descriptor();
  const auto fields = performative->described();
  if (!code || !fields || !fields->is_list() || *code < kOpen || *code > kClose) return false;
  if (*code == kAttach) read_attach(channel, *fields);
  if (*code == kTransfer) return read_transfer(channel, *fields);
  if (*code == kDetach) read_detach(channel, *fields);
  if (*code == kEnd) {
    std::erase_if(handles_, [&](const auto& entry) { return entry.first.first == channel; });
  }
  return true;
}

void FrameTap::read_attach(std::uint16_t channel, const Value& fields) {
  const auto name = field_of(fields, 0).text();
  const auto handle = field_of(fields, 1).unsigned_integer();
  const auto peer_receives = field_of(fields, 2).boolean();
  if (!name || !handle || !peer_receives || capabilities_.size() >= kMostHandles) return;
  capabilities_[{std::string(*name), !*peer_receives}] = symbols_of(field_of(fields, 12));
  if (*peer_receives || handles_.size() >= kMostHandles) return;
  handles_[{channel, *handle}] = {std::string(*name), false};
  formats_[std::string(*name)].clear();
}

bool FrameTap::read_transfer(std::uint16_t channel, const Value& fields) {
  const auto handle = field_of(fields, 0).unsigned_integer();
  const auto known = handle ? handles_.find({channel, *handle}) : handles_.end();
  const bool goes_on = known != handles_.end() && known->second.in_delivery;
  if (!goes_on && !is_uint(field_of(fields, 1))) return false;
  if (known == handles_.end()) return true;
  Incoming& incoming = known->second;
  if (!incoming.in_delivery) {
    const auto format = field_of(fields, 3).unsigned_integer();
    formats_[incoming.link].push_back(static_cast<std::uint32_t>(format.value_or(0)));
  }
  const bool more = field_of(fields, 5).boolean().value_or(false);
  const bool aborted = field_of(fields, 9).boolean().value_or(false);
  incoming.in_delivery = more && !aborted;
  return true;
}

void FrameTap::read_detach(std::uint16_t channel, const Value& fields) {
  const auto handle = field_of(fields, 0).unsigned_integer();
  if (!handle) return;
  const auto known = handles_.find({channel, *handle});
  if (known == handles_.end()) return;
  handles_.erase(known);
}

void FrameTap::forget(std::string_view link) {
  if (const auto found = formats_.find(link); found != formats_.end()) formats_.erase(found);
}

std::uint32_t FrameTap::take_message_format(std::string_view link) {
  const auto found = formats_.find(link);
  if (found == formats_.end() || found->second.empty()) return 0;
  const std::uint32_t format = found->second.front();
  found->second.pop_front();
  return format;
}

std::vector<std::string> FrameTap::take_desired_capabilities(std::string_view link,
                                                             bool peer_sends) {
  const auto node = capabilities_.extract({std::string(link), peer_sends});
  return node.empty() ? std::vector<std::string>() : std::move(node.mapped());
}

}  // namespace drydock::amqp
