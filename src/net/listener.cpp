// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/ip/v6_only.hpp>
#include <unordered_set>

#include "base/log.hpp"
#include "net/socket_stream.hpp"

namespace ferry::net {
namespace {

constexpr std::chrono::seconds kHandshakeLimit{10};

}  // namespace

struct Listener::State : std::enable_shared_from_this<Listener::State> {
  State(Executor executor, std::shared_ptr<const TlsServerContext> context, Handler callback)
      : acceptor(executor), tls(std::move(context)), handler(std::move(callback)) {}

  Task<void> accept_loop(std::shared_ptr<State> self) {
    while (acceptor.is_open()) {
      auto [error, socket] = co_await acceptor.async_accept(kAwait);
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) break;
      if (error) {
        // Out of descriptors, mostly: existing connections must end before a new one fits.
        log::warning("net", "cannot accept a connection: {}", error.message());
        co_await sleep_for(std::chrono::milliseconds(100));
        continue;
      }
      boost::system::error_code ignored;
      socket.set_option(asio::ip::tcp::no_delay(true), ignored);
      PeerInfo peer;
      const auto remote = socket.remote_endpoint(ignored);
      peer.address = fmt::format("{}:{}", remote.address().to_string(), remote.port());
      if (tls) {
        auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(peer),
                                                  static_cast<SSL_CTX*>(tls->native()));
        net::spawn(acceptor.get_executor(), serve_tls(self, adopt(std::move(stream))));
      } else {
        auto stream = std::make_unique<SocketStream<TcpSocket>>(std::move(socket), std::move(peer));
        net::spawn(acceptor.get_executor(), handler(adopt(std::move(stream))));
      }
    }
  }

  static Task<void> serve_tls(std::shared_ptr<State> self, std::unique_ptr<TlsStream> stream) {
    stream->set_deadline(std::chrono::steady_clock::now() + kHandshakeLimit);
    auto done = co_await stream->handshake_as_server();
    if (!done) {
      log::debug("net", "{}: {}", stream->peer().address, done.error().describe());
      co_return;
    }
    stream->set_deadline(std::nullopt);
    co_await self->handler(std::move(stream));
  }

  template <class StreamType>
  std::unique_ptr<StreamType> adopt(std::unique_ptr<StreamType> stream) {
    open.insert(stream.get());
    stream->on_destroyed = [weak = weak_from_this()](Stream* gone) {
      if (auto state = weak.lock()) state->open.erase(gone);
    };
    return stream;
  }

  TcpAcceptor acceptor;
  std::shared_ptr<const TlsServerContext> tls;
  Handler handler;
  std::unordered_set<Stream*> open;
};

Result<std::unique_ptr<Listener>> Listener::start(EventLoop& loop, std::string address,
                                                  std::uint16_t port,
                                                  std::shared_ptr<const TlsServerContext> tls,
                                                  Handler handler) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(Code::invalid_argument, "'{}' is not an IP address", address);
  const asio::ip::tcp::endpoint endpoint(ip, port);
  auto state = std::make_shared<State>(loop.executor(), std::move(tls), std::move(handler));
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && ip.is_v6()) state->acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(4096, error);
  if (error) {
    const Code code = error == asio::error::access_denied    ? Code::permission_denied
                      : error == asio::error::address_in_use ? Code::conflict
                                                             : Code::unavailable;
    return fail(code, "cannot listen on {} port {}: {}", address, port, error.message());
  }
  loop.spawn(state->accept_loop(state));
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}

Listener::~Listener() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  for (Stream* stream : state_->open) stream->close();
}

std::uint16_t Listener::port() const {
  boost::system::error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

}  // namespace ferry::net
