// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/post.hpp>
#include <cstdlib>

#include "base/encoding.hpp"
#include "net/socket_stream.hpp"

namespace ferry::net {
namespace {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

bool is_localhost_name(std::string_view host) {
  return equals_ignore_case(host, "localhost") || to_lower(host).ends_with(".localhost");
}

Task<Result<Endpoints>> resolve(std::string host, std::uint16_t port) {
  if (is_localhost_name(host)) {
    const char* override_address = std::getenv("FERRY_LOCALHOST_ADDRESS");
    host = override_address && *override_address ? override_address : "127.0.0.1";
  }
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return Endpoints{{address, port}};
  const Executor executor = co_await asio::this_coro::executor;
  TcpResolver resolver(executor);
  const auto [error, results] = co_await resolver.async_resolve(host, std::to_string(port), kAwait);
  if (error) {
    co_return fail(Code::unavailable, "cannot find the address of {}: {}", host, error.message());
  }
  Endpoints endpoints;
  for (const auto& entry : results) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<Result<void>> open_tunnel(Stream& stream, std::string authority, std::string authorization) {
  std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!authorization.empty()) request += "Proxy-Authorization: " + authorization + "\r\n";
  request += "\r\n";
  auto sent = co_await stream.write(request);
  if (!sent) co_return sent;
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && head.size() < 16 * 1024) {
    // Byte by byte: what follows the head belongs to TLS.
    auto count = co_await stream.read_some(std::span(&byte, 1));
    if (!count) co_return fail(std::move(count).error());
    if (*count == 0) break;
    head += byte;
  }
  if (!head.starts_with("HTTP/1.1 2") && !head.starts_with("HTTP/1.0 2")) {
    co_return fail(Code::unavailable, "the proxy refused a tunnel to {}: {}", authority,
                   head.substr(0, head.find('\r')));
  }
  co_return Result<void>();
}

std::string describe(const asio::ip::tcp::endpoint& endpoint) {
  return fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

// Lends a socket to the plain stream interface without giving it away.
class BorrowedSocketStream final : public Stream {
 public:
  explicit BorrowedSocketStream(TcpSocket& socket) : socket_(socket) {}
  Task<Result<std::size_t>> read_some(std::span<char> buffer) override {
    const auto [error, count] =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), kAwait);
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return fail(Code::unavailable, "read from the proxy: {}", error.message());
    co_return count;
  }
  Task<Result<void>> write(std::string_view bytes) override {
    const auto [error, count] =
        co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), kAwait);
    if (error || count != bytes.size()) {
      co_return fail(Code::unavailable, "write to the proxy: {}", error.message());
    }
    co_return Result<void>();
  }
  void close() override { socket_.close(); }
  void set_deadline(std::optional<SteadyTime>) override {}
  const PeerInfo& peer() const override { return peer_; }

 private:
  TcpSocket& socket_;
  PeerInfo peer_;
};

Task<Result<std::unique_ptr<Stream>>> secure(TcpSocket socket,
                                             std::shared_ptr<const TlsClientContext> context,
                                             std::string host, std::chrono::milliseconds timeout) {
  boost::system::error_code ignored;
  PeerInfo peer;
  peer.address = describe(socket.remote_endpoint(ignored));
  auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(peer),
                                            static_cast<SSL_CTX*>(context->native()));
  if (context->clock()) stream->check_dates_at(context->clock()->now());
  stream->set_deadline(std::chrono::steady_clock::now() + timeout);
  auto done = co_await stream->handshake_as_client(host);
  if (!done) co_return fail(std::move(done).error().with("connect to {}", host));
  stream->set_deadline(std::nullopt);
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace

Task<Result<TcpSocket>> connect_socket(std::string host, std::uint16_t port,
                                       std::chrono::milliseconds timeout) {
  auto endpoints = co_await resolve(host, port);
  if (!endpoints) co_return fail(std::move(endpoints).error());
  const Executor executor = co_await asio::this_coro::executor;
  TcpSocket socket(executor);
  SteadyTimer timer(executor, timeout);
  bool timed_out = false;
  timer.async_wait([&](boost::system::error_code error) {
    if (error) return;
    timed_out = true;
    socket.close();
  });
  boost::system::error_code last_error;
  for (const auto& endpoint : *endpoints) {
    boost::system::error_code ignored;
    socket.close(ignored);
    const auto [error] = co_await socket.async_connect(endpoint, kAwait);
    last_error = error;
    if (!error || timed_out) break;
  }
  // The timer's handler refers to this frame: let it run before the frame goes.
  timer.cancel();
  co_await asio::post(executor, asio::use_awaitable_t<Executor>());
  if (timed_out) {
    co_return fail(Code::deadline_exceeded, "connect to {}:{} took too long", host, port);
  }
  if (last_error) {
    co_return fail(Code::unavailable, "connect to {}:{}: {}", host, port, last_error.message());
  }
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  co_return socket;
}

Task<Result<std::unique_ptr<Stream>>> connect_tcp(std::string host, std::uint16_t port,
                                                  std::chrono::milliseconds timeout) {
  auto socket = co_await connect_socket(host, port, timeout);
  if (!socket) co_return fail(std::move(socket).error());
  boost::system::error_code ignored;
  PeerInfo peer;
  peer.address = describe(socket->remote_endpoint(ignored));
  co_return std::make_unique<SocketStream<TcpSocket>>(*std::move(socket), std::move(peer));
}

Task<Result<std::unique_ptr<Stream>>> connect_tls(std::shared_ptr<const TlsClientContext> context,
                                                  std::string host, std::uint16_t port,
                                                  std::chrono::milliseconds timeout) {
  auto socket = co_await connect_socket(host, port, timeout);
  if (!socket) co_return fail(std::move(socket).error());
  auto stream = co_await secure(*std::move(socket), context, host, timeout);
  co_return stream;
}

Task<Result<std::unique_ptr<Stream>>> connect_tls_through(
    HttpProxy proxy, std::shared_ptr<const TlsClientContext> context, std::string host,
    std::uint16_t port, std::chrono::milliseconds timeout) {
  auto socket = co_await connect_socket(proxy.host, proxy.port, timeout);
  if (!socket) co_return fail(std::move(socket).error().with("use proxy {}", proxy.host));
  BorrowedSocketStream plain(*socket);
  auto tunnel = co_await open_tunnel(plain, fmt::format("{}:{}", host, port), proxy.authorization);
  if (!tunnel) co_return fail(std::move(tunnel).error());
  auto stream = co_await secure(*std::move(socket), context, host, timeout);
  co_return stream;
}

Task<Result<std::unique_ptr<Stream>>> connect_unix(std::filesystem::path path) {
  const Executor executor = co_await asio::this_coro::executor;
  UnixSocket socket(executor);
  const auto [error] = co_await socket.async_connect(path.string(), kAwait);
  if (error) {
    co_return fail(Code::unavailable, "connect to {}: {}", path.string(), error.message());
  }
  co_return std::make_unique<SocketStream<UnixSocket>>(std::move(socket), PeerInfo());
}

}  // namespace ferry::net
