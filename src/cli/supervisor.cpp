// SPDX-License-Identifier: Apache-2.0
#include "cli/supervisor.hpp"

#include <algorithm>
#include <csignal>

namespace ferry::cli {

using net::Task;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

namespace {
// Watching by polling: SIGCHLD is shared by the whole process, and other code may wait for
// children.
constexpr auto kPoll = 100ms;
}  // namespace

struct Supervisor::Child {
  std::string name;
  ProgramCall call;
  pid_t pid = 0;  // 0: not running now
  std::size_t times_ended = 0;
  SteadyClock::time_point started;
};

struct Supervisor::State {
  Timing timing;
  std::function<void(std::string)> report;
  std::vector<std::shared_ptr<Child>> children;
  bool stopping = false;
};

Supervisor::Supervisor(net::EventLoop& loop, Timing timing, std::function<void(std::string)> report)
    : loop_(loop), state_(std::make_shared<State>()) {
  state_->timing = timing;
  state_->report = std::move(report);
}

Supervisor::~Supervisor() {
  state_->stopping = true;
  for (auto& child : state_->children) {
    if (child->pid == 0) continue;
    ::kill(child->pid, SIGKILL);
    wait_for_end(child->pid);
    child->pid = 0;
  }
}

Result<void> Supervisor::start(std::string name, ProgramCall call) {
  call.own_process_group = true;
  auto pid = start_program(call);
  if (!pid) return fail(std::move(pid).error());
  auto child = std::make_shared<Child>();
  child->name = std::move(name);
  child->call = std::move(call);
  child->pid = *pid;
  child->started = SteadyClock::now();
  state_->children.push_back(child);
  loop_.spawn(watch(state_, child));
  return {};
}

std::size_t Supervisor::times_ended(const std::string& name) const {
  for (const auto& child : state_->children) {
    if (child->name == name) return child->times_ended;
  }
  return 0;
}

Task<void> Supervisor::watch(std::shared_ptr<State> state, std::shared_ptr<Child> child) {
  auto pause = state->timing.first_pause;
  while (!state->stopping) {
    co_await net::sleep_for(kPoll);
    if (state->stopping) break;
    if (child->pid != 0) {
      const auto ended = try_reap(child->pid);
      if (!ended) continue;
      child->pid = 0;
      ++child->times_ended;
      if (SteadyClock::now() - child->started >= state->timing.settled) {
        pause = state->timing.first_pause;
      }
      state->report(fmt::format("{} ended with {}; starting it again in {:.1f} s", child->name,
                                ended->describe(), static_cast<double>(pause.count()) / 1000.0));
    }
    co_await net::sleep_for(pause);
    pause = std::min(pause * 2, state->timing.longest_pause);
    if (state->stopping) break;
    auto pid = start_program(child->call);
    if (!pid) {
      state->report(fmt::format("{}: {}", child->name, pid.error().describe()));
      continue;
    }
    child->pid = *pid;
    child->started = SteadyClock::now();
    state->report(fmt::format("{} runs again", child->name));
  }
}

Task<void> Supervisor::stop() {
  state_->stopping = true;
  for (auto it = state_->children.rbegin(); it != state_->children.rend(); ++it) {
    const auto child = *it;
    if (child->pid == 0) continue;
    ::kill(child->pid, SIGTERM);
    const auto limit = SteadyClock::now() + state_->timing.stop_limit;
    bool killed = false;
    while (!try_reap(child->pid)) {
      if (!killed && SteadyClock::now() >= limit) {
        state_->report(fmt::format("{} does not stop; killing it", child->name));
        ::kill(child->pid, SIGKILL);
        killed = true;
      }
      co_await net::sleep_for(20ms);
    }
    child->pid = 0;
  }
}

}  // namespace ferry::cli
