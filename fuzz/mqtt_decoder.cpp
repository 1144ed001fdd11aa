// SPDX-License-Identifier: Apache-2.0
// Whatever bytes come: no crash, the same packets however the bytes are cut, and what was decoded
// encodes to something that decodes to the same packet.
#include <cstddef>
#include <cstdint>

#include "net/mqtt_packet.hpp"

namespace mqtt = ferry::net::mqtt;

namespace {

std::vector<mqtt::Packet> decode_all(mqtt::Decoder& decoder) {
  std::vector<mqtt::Packet> packets;
  while (true) {
    auto packet = decoder.next();
    if (!packet || !*packet) return packets;
    packets.push_back(**std::move(packet));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  mqtt::Decoder whole(64 * 1024);
  whole.feed(bytes);
  const auto packets = decode_all(whole);

  mqtt::Decoder piecewise(64 * 1024);
  std::vector<mqtt::Packet> same;
  for (char byte : bytes) {
    piecewise.feed(std::string_view(&byte, 1));
    for (auto& packet : decode_all(piecewise)) same.push_back(std::move(packet));
  }
  FERRY_CHECK(same == packets);

  for (const auto& packet : packets) {
    std::string out;
    if (!mqtt::encode(packet, out)) continue;  // e.g. an empty client id without a clean session
    mqtt::Decoder again;
    again.feed(out);
    const auto twice = decode_all(again);
    FERRY_CHECK(twice.size() == 1 && twice.front() == packet);
  }
  return 0;
}
