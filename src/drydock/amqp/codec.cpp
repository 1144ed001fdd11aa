// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/codec.hpp"

#include <bit>
#include <limits>

namespace drydock::amqp {
namespace {

using ferry::Code;
using ferry::fail;
using ferry::Result;

constexpr int kDeepestDescription = 8;

std::uint64_t big_endian_at(std::string_view bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

std::int64_t sign_extended(std::uint64_t value, std::size_t bytes) {
  if (bytes == 8) return static_cast<std::int64_t>(value);
  const std::uint64_t sign = std::uint64_t{1} << (8 * bytes - 1);
  return static_cast<std::int64_t>(value ^ sign) - static_cast<std::int64_t>(sign);
}

// Where a value's payload begins, and where the value ends; both counted from its constructor.
struct Extent {
  std::size_t payload = 0;
  std::size_t end = 0;
};

// The upper half of a constructor says how its value is laid out (AMQP 1.0 s.1.2).
std::optional<Extent> measure(std::string_view bytes, int depth) {
  if (bytes.empty() || depth > kDeepestDescription) return std::nullopt;
  const auto code = static_cast<unsigned char>(bytes[0]);
  if (code == 0) {
    const auto descriptor = measure(bytes.substr(1), depth + 1);
    if (!descriptor) return std::nullopt;
    const auto value = measure(bytes.substr(1 + descriptor->end), depth + 1);
    if (!value) return std::nullopt;
    return Extent{1, 1 + descriptor->end + value->end};
  }
  const unsigned kind = code >> 4U;
  if (kind >= 4 && kind <= 9) {  // fixed width: 0, 1, 2, 4, 8, 16 bytes
    const std::size_t width = kind == 4 ? 0 : std::size_t{1} << (kind - 5);
    if (bytes.size() < 1 + width) return std::nullopt;
    return Extent{1, 1 + width};
  }
  if (kind < 0xa) return std::nullopt;
  // Variable, compound, array: the size in 1 or 4 bytes; the latter two also count their items.
  const std::size_t size_width = kind % 2 == 0 ? 1 : 4;
  const std::size_t count_width = kind < 0xc ? 0 : size_width;
  if (bytes.size() < 1 + size_width) return std::nullopt;
  const std::uint64_t size = big_endian_at(bytes.substr(1), size_width);
  if (size < count_width || size > bytes.size() - 1 - size_width) return std::nullopt;
  return Extent{1 + size_width + count_width, 1 + size_width + static_cast<std::size_t>(size)};
}

}  // namespace

Result<Value> Reader::next() {
  const auto extent = measure(rest_, 0);
  if (!extent) return fail(Code::invalid_argument, "these bytes are no AMQP value");
  Value value;
  value.code_ = static_cast<std::uint8_t>(rest_[0]);
  value.encoded_ = rest_.substr(0, extent->end);
  value.payload_ = value.encoded_.substr(extent->payload);
  rest_.remove_prefix(extent->end);
  return value;
}

Result<Value> Reader::next_or_null() {
  if (at_end()) return Value();
  return next();
}

std::optional<std::string_view> Value::text() const {
  if (code_ == 0xa1 || code_ == 0xb1 || code_ == 0xa3 || code_ == 0xb3) return payload_;
  return std::nullopt;
}

std::optional<std::string_view> Value::binary() const {
  if (code_ == 0xa0 || code_ == 0xb0) return payload_;
  return std::nullopt;
}

std::optional<std::uint64_t> Value::unsigned_integer() const {
  switch (code_) {
    case 0x43:  // uint0
    case 0x44:  // ulong0
      return 0;
    case 0x50:  // ubyte
    case 0x52:  // smalluint
    case 0x53:  // smallulong
    case 0x60:  // ushort
    case 0x70:  // uint
    case 0x80:  // ulong
      return big_endian_at(payload_, payload_.size());
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> Value::integer() const {
  switch (code_) {
    case 0x51:  // byte
    case 0x54:  // smallint
    case 0x55:  // smalllong
    case 0x61:  // short
    case 0x71:  // int
    case 0x81:  // long
      return sign_extended(big_endian_at(payload_, payload_.size()), payload_.size());
    default:
      break;
  }
  const auto number = unsigned_integer();
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!number || *number > kMost) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<bool> Value::boolean() const {
  if (code_ == 0x41) return true;
  if (code_ == 0x42) return false;
  if (code_ == 0x56) return payload_[0] != 0;
  return std::nullopt;
}

std::optional<ferry::Timestamp> Value::timestamp() const {
  if (code_ != 0x83) return std::nullopt;
  return ferry::Timestamp(std::chrono::milliseconds(
      static_cast<std::int64_t>(big_endian_at(payload_, payload_.size()))));
}

std::optional<std::uint64_t> Value::descriptor() const {
  if (!is_described()) return std::nullopt;
  Reader reader(payload_);
  const auto value = reader.next();
  return value ? value->unsigned_integer() : std::nullopt;
}

std::optional<Value> Value::described() const {
  if (!is_described()) return std::nullopt;
  Reader reader(payload_);
  if (!reader.next()) return std::nullopt;
  auto value = reader.next();
  if (!value) return std::nullopt;
  return *value;
}

void Encoder::big_endian(std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out_ += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU);
  }
}

void Encoder::unsigned_integer(std::uint32_t value) {
  out_ += '\x70';
  big_endian(value, 4);
}
void Encoder::unsigned_long(std::uint64_t value) {
  out_ += '\x80';
  big_endian(value, 8);
}
void Encoder::integer(std::int32_t value) {
  out_ += '\x71';
  big_endian(static_cast<std::uint32_t>(value), 4);
}
void Encoder::long_integer(std::int64_t value) {
  out_ += '\x81';
  big_endian(static_cast<std::uint64_t>(value), 8);
}
void Encoder::floating(double value) {
  out_ += '\x82';
  big_endian(std::bit_cast<std::uint64_t>(value), 8);
}
void Encoder::timestamp(ferry::Timestamp value) {
  out_ += '\x83';
  big_endian(static_cast<std::uint64_t>(value.time_since_epoch().count()), 8);
}

void Encoder::variable(std::uint8_t narrow, std::uint8_t wide, std::string_view value) {
  const bool fits = value.size() <= 0xff;
  out_ += static_cast<char>(fits ? narrow : wide);
  big_endian(value.size(), fits ? 1 : 4);
  out_ += value;
}

void Encoder::string_array(const std::vector<std::string>& values) {
  const Mark mark = begin(0xf0);
  out_ += '\xb1';
  for (const std::string& value : values) {
    big_endian(value.size(), 4);
    out_ += value;
  }
  end(mark, static_cast<std::uint32_t>(values.size()));
}

void Encoder::descriptor(std::uint64_t code) {
  out_ += '\0';
  if (code <= 0xff) {
    out_ += '\x53';
    big_endian(code, 1);
  } else {
    unsigned_long(code);
  }
}

Encoder::Mark Encoder::begin(std::uint8_t code) {
  out_ += static_cast<char>(code);
  const Mark mark = out_.size();
  out_.append(8, '\0');
  return mark;
}

void Encoder::end(Mark mark, std::uint32_t count) {
  const std::size_t size = out_.size() - mark - 4;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t shift = 8 * (3 - i);
    out_[mark + i] = static_cast<char>((size >> shift) & 0xffU);
    out_[mark + 4 + i] = static_cast<char>((count >> shift) & 0xffU);
  }
}

}  // namespace drydock::amqp
