// SPDX-License-Identifier: Apache-2.0
#include "net/websocket.hpp"

#include <array>
#include <cstring>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::net {
namespace websocket {
namespace {

constexpr std::size_t kControlLimit = 125;  // s.5.5
constexpr std::size_t kMaskSize = 4;

bool is_control(Opcode opcode) {
  return opcode >= Opcode::close;
}

}  // namespace

Result<bool> Decoder::read_head() {
  const std::string_view bytes = std::string_view(buffer_).substr(consumed_);
  if (bytes.size() < 2) return false;
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  const bool last = (byte(0) & 0x80) != 0;
  const int opcode = byte(0) & 0x0F;
  const bool control = opcode >= 8;
  if ((byte(0) & 0x70) != 0 || (opcode > 2 && opcode < 8) || opcode > 10) {
    return fail(Code::invalid_argument, "WebSocket: reserved bits or opcode {} [s.5.2]", opcode);
  }
  if ((byte(1) & 0x80) == 0) {
    return fail(Code::invalid_argument, "WebSocket: a client's frame is not masked [s.5.1]");
  }
  std::uint64_t size = byte(1) & 0x7F;
  const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (control && (!last || size > kControlLimit)) {
    return fail(Code::invalid_argument, "WebSocket: a control frame is long or in parts [s.5.5]");
  }
  if (bytes.size() < 2 + extra + kMaskSize) return false;
  if (extra > 0) {
    size = 0;
    for (std::size_t index = 0; index < extra; ++index) size = size << 8 | byte(2 + index);
    if (size >> 63 != 0) {
      return fail(Code::invalid_argument, "WebSocket: a length has its highest bit set [s.5.2]");
    }
  }
  if (!control) {
    if ((opcode == 0) != in_message_) {
      return fail(Code::invalid_argument, "WebSocket: continuation out of order [s.5.4]");
    }
    in_message_ = !last;
  }
  opcode_ = opcode == 0 ? Opcode::binary : static_cast<Opcode>(opcode);
  left_ = size;
  mask_ = bytes.substr(2 + extra, kMaskSize);
  mask_at_ = 0;
  consumed_ += 2 + extra + kMaskSize;
  in_frame_ = true;
  return true;
}

Result<std::optional<Decoder::Piece>> Decoder::next() {
  if (consumed_ == buffer_.size()) {
    buffer_.clear();
    consumed_ = 0;
  }
  if (!in_frame_) {
    auto open = read_head();
    if (!open) return fail(std::move(open).error());
    if (!*open) return std::optional<Piece>();
  }
  const std::size_t here = buffer_.size() - consumed_;
  if (here < left_ && (here == 0 || is_control(opcode_))) return std::optional<Piece>();
  const std::size_t taken = std::min<std::uint64_t>(here, left_);
  Piece piece{opcode_, buffer_.substr(consumed_, taken)};
  for (char& c : piece.bytes) c = static_cast<char>(c ^ mask_[mask_at_++ % kMaskSize]);
  consumed_ += taken;
  left_ -= taken;
  in_frame_ = left_ > 0;
  return std::optional(std::move(piece));
}

std::string frame_head(Opcode opcode, std::uint64_t size) {
  std::string head{static_cast<char>(0x80 | static_cast<int>(opcode))};
  const auto append = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      head.push_back(static_cast<char>(size >> shift & 0xFF));
    }
  };
  if (size <= kControlLimit) {
    append(1);
  } else if (size <= 0xFFFF) {
    head.push_back(126);
    append(2);
  } else {
    head.push_back(127);
    append(8);
  }
  return head;
}

}  // namespace websocket

namespace {

using websocket::Opcode;

constexpr std::string_view kAcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // s.1.3

bool lists(const HttpRequest& request, std::string_view header, std::string_view word) {
  for (const std::string& item : split(request.headers.get_or(header, ""), ',')) {
    if (equals_ignore_case(trim(item), word)) return true;
  }
  return false;
}

class WebSocketStream final : public Stream {
 public:
  WebSocketStream(std::unique_ptr<Stream> inner, std::string_view already_read, Executor executor)
      : inner_(std::move(inner)), writing_(executor) {
    decoder_.feed(already_read);
  }

  Task<Result<std::size_t>> read_some(std::span<char> buffer) override {
    while (rest_.empty()) {
      auto piece = decoder_.next();
      if (!piece) {
        inner_->close();
        co_return fail(std::move(piece).error());
      }
      if (!*piece) {
        std::array<char, 4096> received;
        auto count = co_await inner_->read_some(received);
        if (!count || *count == 0) co_return count;
        decoder_.feed(std::string_view(received.data(), *count));
        continue;
      }
      const Opcode opcode = (*piece)->opcode;
      if (opcode == Opcode::binary) {
        rest_ = std::move((*piece)->bytes);
      } else if (opcode == Opcode::ping) {
        auto answered = co_await send(Opcode::pong, (*piece)->bytes);
        if (!answered) co_return fail(std::move(answered).error());
      } else if (opcode == Opcode::close) {
        co_await send(Opcode::close, (*piece)->bytes);
        inner_->close();
        co_return std::size_t{0};
      } else if (opcode == Opcode::text) {
        inner_->close();
        co_return fail(Code::invalid_argument, "a text message in a WebSocket for binary ones");
      }
    }
    const std::size_t count = std::min(buffer.size(), rest_.size());
    std::memcpy(buffer.data(), rest_.data(), count);
    rest_.erase(0, count);
    co_return count;
  }

  Task<Result<void>> write(std::string_view bytes) override {
    auto written = co_await send(Opcode::binary, bytes);
    co_return written;
  }

  void close() override { inner_->close(); }
  void set_deadline(std::optional<SteadyTime> deadline) override { inner_->set_deadline(deadline); }
  const PeerInfo& peer() const override { return inner_->peer(); }

 private:
  // Pongs come from the reading side, so that frames must wait for one another.
  Task<Result<void>> send(Opcode opcode, std::string_view bytes) {
    auto guard = co_await writing_.lock();
    std::string frame = websocket::frame_head(opcode, bytes.size());
    frame += bytes;
    auto written = co_await inner_->write(frame);
    co_return written;
  }

  std::unique_ptr<Stream> inner_;
  websocket::Decoder decoder_;
  std::string rest_;  // of a message, not yet read
  AsyncMutex writing_;
};

using Serve = std::function<Task<void>(std::unique_ptr<Stream>, std::string)>;

Task<void> serve_inside(Serve serve, std::string protocol, std::unique_ptr<Stream> stream,
                        std::string read) {
  const auto executor = co_await current_executor();
  auto inside = std::make_unique<WebSocketStream>(std::move(stream), read, executor);
  co_await serve(std::move(inside), protocol);
}

HttpResponse refuse(int status, std::string_view why) {
  HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain");
  if (status == 426) response.headers.set("Sec-WebSocket-Version", "13");
  response.body = std::string(why) + "\n";
  return response;
}

}  // namespace

bool asks_for_websocket(const HttpRequest& request) {
  return lists(request, "Upgrade", "websocket") && lists(request, "Connection", "Upgrade");
}

HttpResponse accept_websocket(
    const HttpRequest& request, std::span<const std::string_view> protocols,
    std::function<Task<void>(std::unique_ptr<Stream>, std::string protocol)> serve) {
  const std::string key = request.headers.get_or("Sec-WebSocket-Key", "");
  const auto nonce = base64_decode(key);
  if (!asks_for_websocket(request) || request.method != "GET" || !nonce || nonce->size() != 16) {
    return refuse(400, "not the handshake of a WebSocket");
  }
  if (request.headers.get_or("Sec-WebSocket-Version", "") != "13") {
    return refuse(426, "only version 13 of WebSocket is spoken here");
  }
  std::string protocol;
  for (const std::string_view known : protocols) {
    if (protocol.empty() && lists(request, "Sec-WebSocket-Protocol", known)) protocol = known;
  }
  if (protocol.empty()) return refuse(400, "none of the subprotocols is spoken here");
  HttpResponse response;
  response.status = 101;
  response.headers.set("Upgrade", "websocket");
  response.headers.set("Connection", "Upgrade");
  response.headers.set("Sec-WebSocket-Accept",
                       base64_encode(sha1(key + std::string(kAcceptSuffix))));
  response.headers.set("Sec-WebSocket-Protocol", protocol);
  response.upgrade = [serve = std::move(serve), protocol](std::unique_ptr<Stream> stream,
                                                          std::string read) {
    return serve_inside(serve, protocol, std::move(stream), std::move(read));
  };
  return response;
}

}  // namespace ferry::net
