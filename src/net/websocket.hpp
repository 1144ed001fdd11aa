// SPDX-License-Identifier: Apache-2.0
// The server's side of WebSockets (RFC 6455), for protocols that run inside one as they would on a
// plain connection: MQTT and AMQP.
#pragma once

#include <functional>
#include <span>

#include "net/http.hpp"

namespace ferry::net {

// Whether the request asks to become a WebSocket.
bool asks_for_websocket(const HttpRequest& request);

// 101 when `request` offers one of `protocols` (compared without case): `serve` then gets the bytes
// of its binary messages as a stream, and the protocol as `protocols` spells it. Otherwise
// 400 or 426 with the reason.
HttpResponse accept_websocket(
    const HttpRequest& request, std::span<const std::string_view> protocols,
    std::function<Task<void>(std::unique_ptr<Stream>, std::string protocol)> serve);

namespace websocket {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping, pong };

// What a client sends, taken apart as it comes: message bytes are given out before their frame is
// complete, so that nothing has to be kept.
class Decoder {
 public:
  struct Piece {
    Opcode opcode = Opcode::binary;  // never `continuation`
    std::string bytes;               // unmasked; of close, ping and pong the whole payload
  };
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  // The next piece, or nothing until more bytes are fed. Code::invalid_argument names the broken
  // rule; close the connection then.
  Result<std::optional<Piece>> next();

 private:
  Result<bool> read_head();  // whether a frame is open now

  std::string buffer_;
  std::size_t consumed_ = 0;
  bool in_frame_ = false;
  bool in_message_ = false;  // a message whose last frame has not begun
  Opcode opcode_ = Opcode::binary;
  std::uint64_t left_ = 0;  // of the open frame
  std::string mask_;
  std::size_t mask_at_ = 0;
};

// A server's frame, which is not masked.
std::string frame_head(Opcode opcode, std::uint64_t size);

}  // namespace websocket
}  // namespace ferry::net
