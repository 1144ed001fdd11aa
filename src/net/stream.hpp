// SPDX-License-Identifier: Apache-2.0
// A connection, whatever carries it: TCP, TLS, a Unix socket, or memory in tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/task.hpp"
#include "net/tls.hpp"

namespace ferry::net {

struct PeerInfo {
  std::string address;  // of the other side, "127.0.0.1:40312"; empty for Unix sockets
  bool tls = false;
  std::string server_name;                     // SNI that the client sent, lower case
  std::vector<std::string> certificate_chain;  // PEM, as presented, leaf first; not verified by a
                                               // server that asks for a certificate
};

class Stream {
 public:
  virtual ~Stream() = default;

  // Reads at least one byte; 0 means that the other side has closed.
  virtual Task<Result<std::size_t>> read_some(std::span<char> buffer) = 0;
  // Writes everything. `bytes` must stay valid until the task is done. One writer at a time.
  virtual Task<Result<void>> write(std::string_view bytes) = 0;
  // Aborts pending reads and writes with Code::unavailable. Idempotent.
  virtual void close() = 0;
  // Pending and later reads and writes fail with Code::deadline_exceeded after this time (checked
  // every 250 ms). nullopt takes the deadline away.
  virtual void set_deadline(std::optional<SteadyTime> deadline) = 0;
  virtual const PeerInfo& peer() const = 0;
};

// Host names that end in ".localhost" are loopback without asking anybody (RFC 6761 s.6.3):
// 127.0.0.1, or the address in the environment variable FERRY_LOCALHOST_ADDRESS.
Task<Result<std::unique_ptr<Stream>>> connect_tcp(std::string host, std::uint16_t port,
                                                  std::chrono::milliseconds timeout);
// Checks the server's chain against the context's CAs and its name against `host`; sends SNI.
Task<Result<std::unique_ptr<Stream>>> connect_tls(std::shared_ptr<const TlsClientContext> context,
                                                  std::string host, std::uint16_t port,
                                                  std::chrono::milliseconds timeout);
Task<Result<std::unique_ptr<Stream>>> connect_unix(std::filesystem::path path);

// Two ends of one connection in memory, on one loop; for tests of protocols.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams(Executor executor);

// Accepts connections and gives each to `handler` in its own coroutine.
class Listener {
 public:
  using Handler = std::function<Task<void>(std::unique_ptr<Stream>)>;

  // Port 0 takes a free one. With a TLS context the handshake (limit 10 s) comes before the
  // handler. Code::permission_denied: not allowed to bind the port; Code::conflict: in use.
  static Result<std::unique_ptr<Listener>> start(EventLoop& loop, std::string address,
                                                 std::uint16_t port,
                                                 std::shared_ptr<const TlsServerContext> tls,
                                                 Handler handler);
  ~Listener();  // stops accepting and closes the connections that are open
  std::uint16_t port() const;

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net
