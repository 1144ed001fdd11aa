// SPDX-License-Identifier: Apache-2.0
// Private to net/: streams over sockets, plain and TLS.
#pragma once

#include <openssl/ssl.h>

#include "net/deadline.hpp"
#include "net/stream.hpp"

namespace ferry::net {

template <class Socket>
class SocketStream : public Stream, protected Deadlined {
 public:
  SocketStream(Socket socket, PeerInfo peer)
      : socket_(std::move(socket)),
        peer_(std::move(peer)),
        keeper_(asio::use_service<DeadlineKeeper>(
            asio::query(socket_.get_executor(), asio::execution::context))) {}
  ~SocketStream() override {
    keeper_.forget(this);
    if (on_destroyed) on_destroyed(this);
  }

  Task<Result<std::size_t>> read_some(std::span<char> buffer) override;
  Task<Result<void>> write(std::string_view bytes) override;
  void close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  void set_deadline(std::optional<SteadyTime> time) override {
    deadline = time;
    expired_ = false;
    if (time) {
      keeper_.watch(this);
    } else {
      keeper_.forget(this);
    }
  }
  const PeerInfo& peer() const override { return peer_; }

  std::function<void(Stream*)> on_destroyed;

 protected:
  void expire() override {
    expired_ = true;
    close();
  }
  Unexpected failure(std::string_view action, const boost::system::error_code& error) const {
    if (expired_) return fail(Code::deadline_exceeded, "{} took too long", action);
    return fail(Code::unavailable, "{}: {}", action, error.message());
  }

  Socket socket_;
  PeerInfo peer_;
  bool expired_ = false;

 private:
  DeadlineKeeper& keeper_;
};

// OpenSSL reads and writes the descriptor itself; Asio only waits. That costs a quarter of the
// memory of a BIO pair per connection.
class TlsStream final : public SocketStream<TcpSocket> {
 public:
  TlsStream(TcpSocket socket, PeerInfo peer, SSL_CTX* context);
  ~TlsStream() override;

  void check_dates_at(Timestamp time);  // before the handshake; else the system's clock counts
  Task<Result<void>> handshake_as_client(std::string host);
  Task<Result<void>> handshake_as_server();

  Task<Result<std::size_t>> read_some(std::span<char> buffer) override;
  Task<Result<void>> write(std::string_view bytes) override;
  void close() override;

 private:
  // Waits for what OpenSSL wants; an error when it wants nothing that helps.
  Task<Result<void>> wait_for(int ssl_error, std::string_view action);
  Task<Result<void>> handshake();
  void note_peer_chain();

  SSL* ssl_;
  bool established_ = false;
  bool broken_ = false;
};

// Connects to the first address of `host` that answers.
Task<Result<TcpSocket>> connect_socket(std::string host, std::uint16_t port,
                                       std::chrono::milliseconds timeout);

struct HttpProxy {
  std::string host;
  std::uint16_t port = 0;
  std::string authorization;  // value of Proxy-Authorization, or empty
};
// As connect_tls, through a CONNECT tunnel (RFC 9110 s.9.3.6).
Task<Result<std::unique_ptr<Stream>>> connect_tls_through(
    HttpProxy proxy, std::shared_ptr<const TlsClientContext> context, std::string host,
    std::uint16_t port, std::chrono::milliseconds timeout);

}  // namespace ferry::net
