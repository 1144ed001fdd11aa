// SPDX-License-Identifier: Apache-2.0
// Coroutines on one thread: an EventLoop owns the thread, a Task is a coroutine on it.
//
// Rules (docs/architecture.md, "Coroutines"): parameters by value or owned by the caller's frame;
// no capturing-lambda coroutine that outlives its lambda; co_await only as a statement, as
// initialiser of a named local, or as operand of co_return.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "base/result.hpp"

namespace ferry::net {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
using SteadyTime = std::chrono::steady_clock::time_point;

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Executor executor();
  asio::io_context& context() { return context_; }

  // Starts a coroutine that runs by itself; an exception that leaves it ends the program.
  void spawn(Task<void> task);
  void run();   // until stop()
  void stop();  // from any thread

  // Runs the loop until `task` is done and returns its value; for programs that do one thing.
  template <class T>
  T run_until_done(Task<T> task) {
    std::optional<T> value;
    spawn(store_and_stop(std::move(task), value));
    context_.restart();
    run();
    FERRY_CHECK(value.has_value());
    return *std::move(value);
  }

 private:
  template <class T>
  Task<void> store_and_stop(Task<T> task, std::optional<T>& value) {
    T result = co_await std::move(task);
    value.emplace(std::move(result));
    stop();
  }
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
};

void spawn(Executor executor, Task<void> task);
Task<void> sleep_for(std::chrono::milliseconds duration);
Task<Executor> current_executor();

// Runs `work` on a small thread pool shared by the process (file hashing, compression, sync file
// I/O) and resumes on the caller's loop. `work` must not touch the loop's objects.
Task<void> run_blocking(std::function<void()> work);

// Resumes with the signal's number when one of `signals` arrives. Replaces their default action.
Task<int> wait_for_signal(std::vector<int> signals);

// Wakes waiters on the same loop. Level-free: notify() wakes only those who wait now.
class Notifier {
 public:
  explicit Notifier(Executor executor);
  ~Notifier();
  void notify();
  Task<void> wait();
  // False when `timeout` passed first.
  Task<bool> wait_for(std::chrono::milliseconds timeout);

 private:
  struct Waiters;
  std::shared_ptr<Waiters> waiters_;
};

// Mutual exclusion among coroutines of one loop, in order of arrival, held across co_await:
//   auto guard = co_await mutex.lock();
class AsyncMutex {
 public:
  class Guard {
   public:
    explicit Guard(AsyncMutex* mutex) : mutex_(mutex) {}
    Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (mutex_) mutex_->unlock();
    }

   private:
    AsyncMutex* mutex_;
  };
  explicit AsyncMutex(Executor executor) : released_(executor) {}
  Task<Guard> lock();

 private:
  void unlock();
  bool locked_ = false;
  Notifier released_;
};

}  // namespace ferry::net
