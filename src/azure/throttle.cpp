// SPDX-License-Identifier: Apache-2.0
#include "azure/throttle.hpp"

#include "azure/pipeline.hpp"

namespace ferry::azure {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPauseWhenNoneIsNamed{5'000};

}  // namespace

// Outlives the throttle for as long as somebody waits. One of those who wait is awake for all: it
// sleeps until the queue lets the next one through; the others sleep until they are called.
struct Throttle::State {
  State(const Clock& the_clock, Sleep the_sleep) : clock(the_clock), sleep(std::move(the_sleep)) {}
  struct Waiting {
    enum class Outcome { none, admitted, cancelled } outcome = Outcome::none;
  };

  void admit() {
    for (const auto ticket : queue.admit(clock.now())) settle(ticket, Waiting::Outcome::admitted);
  }
  void settle(ThrottleQueue::Ticket ticket, Waiting::Outcome outcome) {
    const auto found = waiting.find(ticket);
    if (found != waiting.end()) found->second.outcome = outcome;
    if (changed) changed->notify();
  }

  const Clock& clock;
  const Sleep sleep;
  ThrottleQueue queue;
  std::map<ThrottleQueue::Ticket, Waiting> waiting;
  std::unique_ptr<net::Notifier> changed;
  bool watched = false;  // somebody sleeps until the queue's next time
};

Throttle::Throttle(const Clock& clock, Sleep sleep)
    : state_(std::make_shared<State>(clock, std::move(sleep))) {}
Throttle::~Throttle() = default;

void Throttle::define(const BudgetId& id, RateLimit limit) {
  state_->queue.define(id, limit);
}

net::Task<Result<void>> Throttle::pass(std::vector<BudgetId> budgets, std::string share) {
  using Outcome = State::Waiting::Outcome;
  const auto state = state_;
  if (!state->changed) {
    const net::Executor executor = co_await net::current_executor();
    if (!state->changed) state->changed = std::make_unique<net::Notifier>(executor);
  }
  const auto ticket = state->queue.enter(std::move(budgets), share);
  struct Place {
    State& state;
    ThrottleQueue::Ticket ticket;
    ~Place() {
      state.waiting.erase(ticket);
      state.queue.leave(ticket);
      if (state.changed) state.changed->notify();  // somebody else watches on
    }
  } place{*state, ticket};
  state->waiting[ticket] = {};
  state->admit();
  while (state->waiting[ticket].outcome == Outcome::none) {
    if (state->watched) {
      co_await state->changed->wait();
      continue;
    }
    state->watched = true;
    const auto now = state->clock.now();
    const auto next = state->queue.next(now).value_or(now);
    const auto pause = std::max(milliseconds(1), next - now);
    if (state->sleep) {
      co_await state->sleep(pause);
    } else {
      co_await state->changed->wait_for(pause);
    }
    state->watched = false;
    state->admit();
  }
  if (state->waiting[ticket].outcome == Outcome::admitted) co_return Result<void>();
  co_return fail(Code::cancelled, "cancelled while waiting for its turn");
}

void Throttle::cancel(const std::string& share) {
  for (const auto ticket : state_->queue.drop_share(share)) {
    state_->settle(ticket, State::Waiting::Outcome::cancelled);
  }
}

void Throttle::hold(const std::vector<BudgetId>& budgets, milliseconds pause) {
  const Timestamp until = state_->clock.now() + pause;
  for (const auto& id : budgets) state_->queue.hold(id, until);
}

void Throttle::observe(const BudgetId& id, std::int64_t remaining) {
  state_->queue.observe(id, remaining, state_->clock.now());
}

std::vector<BudgetView> Throttle::view() const {
  return state_->queue.view(state_->clock.now());
}

namespace {

net::Task<Result<net::HttpResponse>> send_throttled(Transport transport,
                                                    std::shared_ptr<Throttle> throttle,
                                                    std::vector<BudgetId> budgets,
                                                    std::string share, net::HttpCall call) {
  auto passed = co_await throttle->pass(budgets, std::move(share));
  if (!passed) co_return fail(std::move(passed).error());
  auto response = co_await transport(std::move(call));
  if (response && response->status == 429) {
    const SystemClock clock;  // for a Retry-After that is a date
    throttle->hold(budgets, retry_after(*response, clock.now()).value_or(kPauseWhenNoneIsNamed));
  }
  co_return response;
}

}  // namespace

Transport throttled(Transport transport, std::shared_ptr<Throttle> throttle, BudgetsOf budgets,
                    std::string share) {
  return [=](net::HttpCall call) {
    auto needed = budgets(call);
    return send_throttled(transport, throttle, std::move(needed), share, std::move(call));
  };
}

}  // namespace ferry::azure
