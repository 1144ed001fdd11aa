// SPDX-License-Identifier: Apache-2.0
#include "net/unix_listener.hpp"

#include <sys/un.h>

#include "base/log.hpp"
#include "net/socket_stream.hpp"

namespace ferry::net {

using UnixAcceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, Executor>;

struct UnixListener::State {
  State(Executor executor, std::filesystem::path socket_path, Listener::Handler callback)
      : acceptor(executor), path(std::move(socket_path)), handler(std::move(callback)) {}

  static Task<void> accept_loop(std::shared_ptr<State> self) {
    while (self->acceptor.is_open()) {
      auto [error, socket] = co_await self->acceptor.async_accept(kAwait);
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) break;
      if (error) {
        log::warning("net", "cannot accept a connection: {}", error.message());
        co_await sleep_for(std::chrono::milliseconds(100));
        continue;
      }
      auto stream = std::make_unique<SocketStream<UnixSocket>>(std::move(socket), PeerInfo());
      net::spawn(self->acceptor.get_executor(), self->handler(std::move(stream)));
    }
  }

  UnixAcceptor acceptor;
  std::filesystem::path path;
  Listener::Handler handler;
};

Result<std::unique_ptr<UnixListener>> UnixListener::start(EventLoop& loop,
                                                          std::filesystem::path path,
                                                          Listener::Handler handler) {
  if (path.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Code::invalid_argument, "the path of the socket {} is too long", path.string());
  }
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  const asio::local::stream_protocol::endpoint endpoint(path.string());
  auto state = std::make_shared<State>(loop.executor(), std::move(path), std::move(handler));
  boost::system::error_code error;
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(16, error);
  if (error) {
    return fail(Code::unavailable, "cannot listen at {}: {}", state->path.string(),
                error.message());
  }
  loop.spawn(State::accept_loop(state));
  return std::unique_ptr<UnixListener>(new UnixListener(std::move(state)));
}

UnixListener::UnixListener(std::shared_ptr<State> state) : state_(std::move(state)) {}

UnixListener::~UnixListener() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  std::error_code gone;
  std::filesystem::remove(state_->path, gone);
}

}  // namespace ferry::net
