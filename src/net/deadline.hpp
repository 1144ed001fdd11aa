// SPDX-License-Identifier: Apache-2.0
// Private to net/: one coarse timer per loop instead of one per operation.
#pragma once

#include <unordered_set>

#include "net/asio.hpp"

namespace ferry::net {

class Deadlined {
 public:
  virtual void expire() = 0;
  std::optional<SteadyTime> deadline;

 protected:
  ~Deadlined() = default;
};

// A service of the io_context. Looks every 250 ms, and only while something has a deadline.
class DeadlineKeeper final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  explicit DeadlineKeeper(asio::execution_context& context);
  void watch(Deadlined* item);
  void forget(Deadlined* item) { items_.erase(item); }

 private:
  void shutdown() noexcept override {
    items_.clear();
    timer_.cancel();
  }
  void tick();

  SteadyTimer timer_;
  bool ticking_ = false;
  std::unordered_set<Deadlined*> items_;
};

}  // namespace ferry::net
