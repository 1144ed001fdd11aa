// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stream.hpp"

namespace ferry::net {

// Accepts connections at a Unix socket and gives each to `handler` in its own coroutine.
class UnixListener {
 public:
  // Replaces a socket that is there already: only the owner of its directory may listen.
  // Code::invalid_argument when the path is longer than a socket's can be (107 bytes).
  static Result<std::unique_ptr<UnixListener>> start(EventLoop& loop, std::filesystem::path path,
                                                     Listener::Handler handler);
  ~UnixListener();  // stops accepting and takes the socket away; open connections go on

 private:
  struct State;
  explicit UnixListener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net
