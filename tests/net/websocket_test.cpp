// SPDX-License-Identifier: Apache-2.0
#include "net/websocket.hpp"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

namespace ferry::net {
namespace {

using websocket::Decoder;
using websocket::Opcode;

constexpr std::string_view kProtocols[] = {"mqtt", "AMQPWSB10"};

std::string masked(int first_byte, std::string_view payload,
                   std::string_view mask = "\x01\x7f\x80\xff") {
  std::string frame = websocket::frame_head(Opcode::binary, payload.size());
  frame[0] = static_cast<char>(first_byte);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  }
  return frame;
}

HttpRequest handshake() {
  HttpRequest request;
  request.method = "GET";
  request.target = "/$iothub/websocket";
  request.headers = {{"Host", "hub"},
                     {"Connection", "keep-alive, Upgrade"},
                     {"Upgrade", "WebSocket"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"Sec-WebSocket-Protocol", "other, MQTT"}};
  return request;
}

Task<void> serve_nothing(std::unique_ptr<Stream>, std::string) {
  co_return;
}

TEST(WebSocketHandshake, AnswersAsTheStandardsExample) {
  const auto response = accept_websocket(handshake(), kProtocols, serve_nothing);
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(response.headers.get_or("Sec-WebSocket-Accept", ""), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(response.headers.get_or("Sec-WebSocket-Protocol", ""), "mqtt");
}

TEST(WebSocketHandshake, RefusesWhatItDoesNotSpeak) {
  for (const auto& [name, value, status] : {std::tuple("Sec-WebSocket-Protocol", "soap", 400),
                                            {"Sec-WebSocket-Version", "8", 426},
                                            {"Sec-WebSocket-Key", "c2hvcnQ=", 400},
                                            {"Upgrade", "h2c", 400}}) {
    auto request = handshake();
    request.headers.set(name, value);
    EXPECT_EQ(accept_websocket(request, kProtocols, serve_nothing).status, status) << name;
  }
}

RC_GTEST_PROP(WebSocketDecoder, GivesTheBytesHoweverTheyAreCut, ()) {
  const auto messages =
      *rc::gen::container<std::vector<std::string>>(rc::gen::container<std::string>(
          *rc::gen::inRange<std::size_t>(0, 300), rc::gen::arbitrary<char>()));
  std::string wire;
  std::string sent;
  for (const std::string& message : messages) {
    const std::size_t half = message.size() / 2;
    wire += masked(0x02, message.substr(0, half)) + masked(0x89, "p") +
            masked(0x80, message.substr(half));
    sent += message;
  }
  const auto cut = *rc::gen::inRange<std::size_t>(1, 40);
  Decoder decoder;
  std::string received;
  std::size_t pings = 0;
  for (std::size_t at = 0; at < wire.size(); at += cut) {
    decoder.feed(std::string_view(wire).substr(at, cut));
    while (true) {
      const auto piece = decoder.next();
      RC_ASSERT(piece.has_value());
      if (!*piece) break;
      if ((*piece)->opcode == Opcode::ping) {
        ++pings;
      } else {
        received += (*piece)->bytes;
      }
    }
  }
  RC_ASSERT(received == sent);
  RC_ASSERT(pings == messages.size());
}

TEST(WebSocketDecoder, RefusesWhatBreaksTheFraming) {
  std::string unmasked = websocket::frame_head(Opcode::binary, 1) + "x";
  for (const std::string& wire :
       {unmasked, masked(0xC2, "x"), masked(0x83, "x"), masked(0x80, "x"), masked(0x09, "x"),
        masked(0x89, std::string(126, 'x')), masked(0x02, "x") + masked(0x82, "y")}) {
    Decoder decoder;
    decoder.feed(wire);
    auto piece = decoder.next();
    if (piece && *piece) piece = decoder.next();
    EXPECT_FALSE(piece) << static_cast<int>(wire[0]);
  }
}

class WebSocketStreams : public testing::Test {
 protected:
  static Task<void> echo(std::unique_ptr<Stream> stream, std::string) {
    std::array<char, 100> buffer;
    while (true) {
      const auto count = co_await stream->read_some(buffer);
      if (!count || *count == 0) co_return;
      co_await stream->write(std::string_view(buffer.data(), *count));
    }
  }
  static Task<HttpResponse> answer(HttpRequest request) {
    co_return accept_websocket(request, kProtocols, echo);
  }
  static Task<std::string> read(Stream& stream, std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t at = 0;
    while (at < size) {
      const auto count = co_await stream.read_some(std::span(bytes).subspan(at));
      if (!count || *count == 0) break;
      at += *count;
    }
    bytes.resize(at);
    co_return bytes;
  }

  Task<bool> talk() {
    auto [here, there] = make_memory_streams(loop_.executor());
    spawn(loop_.executor(), serve_http(std::move(there), answer));
    // The first frame follows at once behind the head of the request.
    co_await here->write(
        "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n\r\n" +
        masked(0x82, "early"));
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const auto byte = co_await read(*here, 1);
      if (byte.empty()) co_return false;
      head += byte;
    }
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    const auto early = co_await read(*here, 7);
    EXPECT_EQ(early,
              "\x82\x05"
              "early");
    co_await here->write(masked(0x89, "are you there"));
    const auto pong = co_await read(*here, 15);
    EXPECT_EQ(pong,
              "\x8a\x0d"
              "are you there");
    co_await here->write(masked(0x88, "\x03\xe8"));
    const auto end = co_await read(*here, 100);
    EXPECT_EQ(end, "\x88\x02\x03\xe8");
    co_return true;
  }

  EventLoop loop_;
};

TEST_F(WebSocketStreams, CarryBytesBothWaysAnswerPingsAndClose) {
  EXPECT_TRUE(loop_.run_until_done(talk()));
}

}  // namespace
}  // namespace ferry::net
