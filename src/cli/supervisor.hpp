// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/child_process.hpp"
#include "net/task.hpp"

namespace ferry::cli {

// Keeps child processes running: one that ends is started again, after a pause that doubles from
// `first_pause` to `longest_pause` and starts anew once it has run for `settled`. Lives on one
// loop.
class Supervisor {
 public:
  struct Timing {
    std::chrono::milliseconds first_pause{500};
    std::chrono::milliseconds longest_pause{30'000};
    std::chrono::milliseconds settled{60'000};
    std::chrono::milliseconds stop_limit{15'000};  // then SIGKILL
  };
  // `report` gets one line for people whenever a child ends or comes back.
  Supervisor(net::EventLoop& loop, Timing timing, std::function<void(std::string)> report);
  ~Supervisor();  // kills and reaps what still runs

  // Starts `call` under the name `name` and watches it from now on.
  Result<void> start(std::string name, ProgramCall call);
  // How often the child has ended by itself so far.
  std::size_t times_ended(const std::string& name) const;
  // Asks each child to end (SIGTERM), in reverse order of starting, and waits for it.
  net::Task<void> stop();

 private:
  struct Child;
  struct State;
  static net::Task<void> watch(std::shared_ptr<State> state, std::shared_ptr<Child> child);
  net::EventLoop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::cli
