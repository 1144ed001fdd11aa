// SPDX-License-Identifier: Apache-2.0
#include "drydock/event_hubs/partition.hpp"

#include <bit>
#include <cstdint>
#include <cstdlib>

namespace drydock::event_hubs {
namespace {

struct State {
  std::uint32_t a;
  std::uint32_t b;
  std::uint32_t c;
};

// Bob Jenkins, lookup3.c (public domain), mix() and final().
void mix(State& s) {
  s.a -= s.c, s.a ^= std::rotl(s.c, 4), s.c += s.b;
  s.b -= s.a, s.b ^= std::rotl(s.a, 6), s.a += s.c;
  s.c -= s.b, s.c ^= std::rotl(s.b, 8), s.b += s.a;
  s.a -= s.c, s.a ^= std::rotl(s.c, 16), s.c += s.b;
  s.b -= s.a, s.b ^= std::rotl(s.a, 19), s.a += s.c;
  s.c -= s.b, s.c ^= std::rotl(s.b, 4), s.b += s.a;
}

void finish(State& s) {
  s.c ^= s.b, s.c -= std::rotl(s.b, 14);
  s.a ^= s.c, s.a -= std::rotl(s.c, 11);
  s.b ^= s.a, s.b -= std::rotl(s.a, 25);
  s.c ^= s.b, s.c -= std::rotl(s.b, 16);
  s.a ^= s.c, s.a -= std::rotl(s.c, 4);
  s.b ^= s.a, s.b -= std::rotl(s.a, 14);
  s.c ^= s.b, s.c -= std::rotl(s.b, 24);
}

// Little-endian, as if zeros followed the text.
std::uint32_t word_at(std::string_view text, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4 && at + i < text.size(); ++i) {
    word |= std::uint32_t{static_cast<unsigned char>(text[at + i])} << (8U * i);
  }
  return word;
}

}  // namespace

int partition_of(std::string_view key, int partitions) {
  const std::uint32_t start = 0xdeadbeefU + static_cast<std::uint32_t>(key.size());
  State state{start, start, start};
  while (key.size() > 12) {
    state.a += word_at(key, 0);
    state.b += word_at(key, 4);
    state.c += word_at(key, 8);
    mix(state);
    key.remove_prefix(12);
  }
  if (!key.empty()) {
    state.a += word_at(key, 0);
    state.b += word_at(key, 4);
    state.c += word_at(key, 8);
    finish(state);
  }
  const auto hash = static_cast<std::int16_t>(static_cast<std::uint16_t>(state.c ^ state.b));
  return std::abs(hash % (partitions > 0 ? partitions : 1));
}

}  // namespace drydock::event_hubs
