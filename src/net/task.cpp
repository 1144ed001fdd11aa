// SPDX-License-Identifier: Apache-2.0
#include "net/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>

#include "net/asio.hpp"

namespace ferry::net {
namespace {

asio::thread_pool& blocking_pool() {
  static asio::thread_pool pool(2);
  return pool;
}

}  // namespace

EventLoop::EventLoop() : work_(asio::make_work_guard(context_)) {
  // A connection that the other side closed is an error of write(), not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
}

EventLoop::~EventLoop() = default;

Executor EventLoop::executor() {
  return context_.get_executor();
}
void EventLoop::spawn(Task<void> task) {
  net::spawn(executor(), std::move(task));
}
void EventLoop::run() {
  context_.run();
}
void EventLoop::stop() {
  context_.stop();
}

void spawn(Executor executor, Task<void> task) {
  asio::co_spawn(executor, std::move(task), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

Task<void> sleep_for(std::chrono::milliseconds duration) {
  const Executor executor = co_await asio::this_coro::executor;
  SteadyTimer timer(executor, duration);
  co_await timer.async_wait(kAwait);
}

Task<Executor> current_executor() {
  const Executor executor = co_await asio::this_coro::executor;
  co_return executor;
}

Task<void> run_blocking(std::function<void()> work) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto initiate = [executor, &work](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    asio::post(blocking_pool(), [executor, work = std::move(work), shared] {
      work();
      asio::post(executor, [shared] { (*shared)(); });
    });
  };
  asio::use_awaitable_t<Executor> token;
  co_await asio::async_initiate<asio::use_awaitable_t<Executor>, void()>(initiate, token);
}

Task<int> wait_for_signal(std::vector<int> signals) {
  const Executor executor = co_await asio::this_coro::executor;
  asio::basic_signal_set<Executor> set(executor);
  for (int number : signals) set.add(number);
  const auto [error, number] = co_await set.async_wait(kAwait);
  co_return error ? 0 : number;
}

struct Notifier::Waiters {
  Executor executor;
  std::vector<SteadyTimer*> timers;
};

Notifier::Notifier(Executor executor)
    : waiters_(std::make_shared<Waiters>(Waiters{executor, {}})) {}
Notifier::~Notifier() {
  notify();
}

void Notifier::notify() {
  for (SteadyTimer* timer : std::exchange(waiters_->timers, {})) timer->cancel();
}

Task<void> Notifier::wait() {
  co_await wait_for(std::chrono::hours(24 * 365));
}

Task<bool> Notifier::wait_for(std::chrono::milliseconds timeout) {
  const auto waiters = waiters_;
  SteadyTimer timer(waiters->executor, timeout);
  waiters->timers.push_back(&timer);
  struct Registration {
    Waiters& waiters;
    SteadyTimer* timer;
    ~Registration() { std::erase(waiters.timers, timer); }
  } registration{*waiters, &timer};
  const auto [error] = co_await timer.async_wait(kAwait);
  co_return error == asio::error::operation_aborted;
}

Task<AsyncMutex::Guard> AsyncMutex::lock() {
  while (locked_) co_await released_.wait();
  locked_ = true;
  co_return Guard(this);
}

void AsyncMutex::unlock() {
  locked_ = false;
  released_.notify();
}

}  // namespace ferry::net
