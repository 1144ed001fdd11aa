// SPDX-License-Identifier: Apache-2.0
// Who may send next: the rules of queueing under rate limits, without I/O. Time is passed in and
// never goes back.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace ferry::azure {

// One allowance of one thing: {"iot-hub plant-a.azure-devices.net", "configurations"}.
struct BudgetId {
  std::string scope;
  std::string name;
  friend auto operator<=>(const BudgetId&, const BudgetId&) = default;
};

// Without `burst`: at most `count` in any span of `window`. With it: `burst` at once, refilled at
// `count` per `window` (a token bucket, as Resource Manager counts).
struct RateLimit {
  std::int64_t count = 1;
  std::chrono::milliseconds window{60'000};
  std::int64_t burst = 0;
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

struct WaitingShare {
  std::string share;
  std::size_t requests = 0;
};
// A budget as it stands.
struct BudgetView {
  BudgetId id;
  RateLimit limit;
  std::int64_t remaining = 0;
  std::optional<Timestamp> held_until;  // the service asked for a pause
  std::vector<WaitingShare> waiting;
};

// Requests wait in order of arrival within their share (a workspace) and take turns between shares.
// A request counts against all its budgets at once, when it is let through. One that waits for a
// budget lets nobody overtake it there, but those through that need other budgets.
class ThrottleQueue {
 public:
  using Ticket = std::uint64_t;

  // Sets or changes a budget's limit; what was counted stays counted. Budgets that were never
  // defined have no limit.
  void define(const BudgetId& id, RateLimit limit);
  Ticket enter(std::vector<BudgetId> budgets, std::string share);
  // Lets through whom it can; in order.
  std::vector<Ticket> admit(Timestamp now);
  // When admit() will let the next one through; nothing when nobody waits.
  std::optional<Timestamp> next(Timestamp now) const;
  void leave(Ticket ticket);  // gives up waiting
  std::vector<Ticket> drop_share(const std::string& share);

  // The service refused: nothing goes against the budget before `until`.
  void hold(const BudgetId& id, Timestamp until);
  // The service says how much is left, which others may have used as well.
  void observe(const BudgetId& id, std::int64_t remaining, Timestamp now);

  bool idle() const { return waiting_.empty(); }
  std::vector<BudgetView> view(Timestamp now) const;

 private:
  struct Budget {
    RateLimit limit;
    std::deque<Timestamp> sent;  // within the window; unused by a bucket
    double tokens = 0;           // of a bucket
    Timestamp refilled;
    std::optional<Timestamp> held_until;
    void advance(Timestamp now);
    void count(Timestamp now);
    Timestamp ready_at(Timestamp now) const;  // after advance(now)
    std::int64_t remaining(Timestamp now) const;
  };
  struct Waiter {
    Ticket ticket = 0;
    std::vector<BudgetId> budgets;
  };
  struct Share {
    std::uint64_t served = 0;  // the turn in which it was let through last
    std::deque<Waiter> waiters;
  };
  using Blocked = std::vector<const BudgetId*>;
  // Takes the first of the share's waiters that may go.
  std::optional<Ticket> admit_one(Share& share, Blocked& blocked, Timestamp now);
  bool may_go(const Waiter& waiter, Blocked& blocked, Timestamp now);

  std::map<BudgetId, Budget> budgets_;
  std::map<std::string, Share> waiting_;  // only shares with waiters
  std::map<std::string, std::uint64_t> served_;
  Ticket next_ticket_ = 1;
  std::uint64_t turn_ = 0;
};

}  // namespace ferry::azure
