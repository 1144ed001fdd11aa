// SPDX-License-Identifier: Apache-2.0
// What qpid-proton does not tell of the frames that come in: the message format of deliveries
// (which is how Event Hubs' clients mark a batch) and the capabilities that a peer desires of a
// link.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drydock/amqp/codec.hpp"

namespace drydock::amqp {

class FrameTap {
 public:
  // The bytes before they go into the engine. False when they must not: the engine aborts the
  // program over a delivery that begins without its id (s.2.7.5), and leaks over SASL's frames
  // where only AMQP's may be.
  [[nodiscard]] bool feed(std::string_view bytes);

  // Of the next delivery that has come in whole, or begun, on the link that a peer sends by.
  std::uint32_t take_message_format(std::string_view link);
  std::vector<std::string> take_desired_capabilities(std::string_view link, bool peer_sends);
  // The link has ended, and all that came in on it was taken.
  void forget(std::string_view link);

 private:
  struct Incoming {  // by channel and handle
    std::string link;
    bool in_delivery = false;  // its last transfer said that more follows
  };
  using Handle = std::pair<std::uint16_t, std::uint64_t>;

  bool read_frame(std::string_view frame);
  void read_attach(std::uint16_t channel, const Value& fields);
  bool read_transfer(std::uint16_t channel, const Value& fields);
  void read_detach(std::uint16_t channel, const Value& fields);

  std::string buffer_;
  bool broken_ = false;
  std::map<Handle, Incoming> handles_;
  std::map<std::string, std::deque<std::uint32_t>, std::less<>> formats_;
  std::map<std::pair<std::string, bool>, std::vector<std::string>> capabilities_;
};

}  // namespace drydock::amqp
