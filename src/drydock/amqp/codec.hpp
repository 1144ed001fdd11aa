// SPDX-License-Identifier: Apache-2.0
// AMQP 1.0's type system (part 1, s.1.6), as far as messages and frames need it: a reader that
// borrows what it reads and an encoder that appends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace drydock::amqp {

// One encoded value; borrowed from the bytes it was read from.
class Value {
 public:
  std::string_view encoded() const { return encoded_; }  // with its constructor
  bool is_null() const { return code_ == 0x40; }
  bool is_described() const { return code_ == 0; }
  bool is_list() const { return code_ == 0x45 || code_ == 0xc0 || code_ == 0xd0; }
  bool is_map() const { return code_ == 0xc1 || code_ == 0xd1; }

  std::optional<std::string_view> text() const;    // string or symbol
  std::optional<std::string_view> binary() const;  // binary
  std::optional<std::int64_t> integer() const;     // any width; nothing when it does not fit
  std::optional<std::uint64_t> unsigned_integer() const;
  std::optional<bool> boolean() const;
  std::optional<ferry::Timestamp> timestamp() const;
  // Of a described value: the descriptor's code (nothing for symbolic ones), and what it describes.
  std::optional<std::uint64_t> descriptor() const;
  std::optional<Value> described() const;
  // Of a list or map: the encoded items one after the other.
  std::string_view items() const { return payload_; }

 private:
  friend class Reader;
  std::uint8_t code_ = 0x40;
  std::string_view encoded_;
  std::string_view payload_;  // behind constructor, size and count
};

// Takes values off the front of `bytes`.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  // Code::invalid_argument when what is there is not a whole value.
  ferry::Result<Value> next();
  // As next(), with null at the end: for the fields of a list, which may stop early.
  ferry::Result<Value> next_or_null();

 private:
  std::string_view rest_;
};

class Encoder {
 public:
  void null() { out_ += '\x40'; }
  void boolean(bool value) { out_ += value ? '\x41' : '\x42'; }
  void unsigned_integer(std::uint32_t value);  // uint
  void unsigned_long(std::uint64_t value);
  void integer(std::int32_t value);  // int
  void long_integer(std::int64_t value);
  void floating(double value);
  void timestamp(ferry::Timestamp value);
  void string(std::string_view value) { variable(0xa1, 0xb1, value); }
  void symbol(std::string_view value) { variable(0xa3, 0xb3, value); }
  void binary(std::string_view value) { variable(0xa0, 0xb0, value); }
  void string_array(const std::vector<std::string>& values);
  void raw(std::string_view encoded) { out_ += encoded; }
  void descriptor(std::uint64_t code);  // of the value that is written next

  // What is written between begin and end is inside; `count` items (a map counts keys and values).
  using Mark = std::size_t;
  Mark begin_list() { return begin(0xd0); }
  Mark begin_map() { return begin(0xd1); }
  void end(Mark mark, std::uint32_t count);

  std::size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  Mark begin(std::uint8_t code);
  void variable(std::uint8_t narrow, std::uint8_t wide, std::string_view value);
  void big_endian(std::uint64_t value, int bytes);
  std::string out_;
};

}  // namespace drydock::amqp
