// SPDX-License-Identifier: Apache-2.0
#include "net/deadline.hpp"

namespace ferry::net {

asio::execution_context::id DeadlineKeeper::id;

DeadlineKeeper::DeadlineKeeper(asio::execution_context& context)
    : service(context), timer_(static_cast<asio::io_context&>(context).get_executor()) {}

void DeadlineKeeper::watch(Deadlined* item) {
  items_.insert(item);
  if (!ticking_) tick();
}

void DeadlineKeeper::tick() {
  ticking_ = !items_.empty();
  if (!ticking_) return;
  timer_.expires_after(std::chrono::milliseconds(250));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    std::vector<Deadlined*> late;
    for (Deadlined* item : items_) {
      if (item->deadline && *item->deadline <= now) late.push_back(item);
    }
    for (Deadlined* item : late) {
      items_.erase(item);
      item->expire();
    }
    tick();
  });
}

}  // namespace ferry::net
