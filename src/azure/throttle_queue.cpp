// SPDX-License-Identifier: Apache-2.0
#include "azure/throttle_queue.hpp"

#include <algorithm>
#include <cmath>

namespace ferry::azure {

using std::chrono::milliseconds;

void ThrottleQueue::Budget::advance(Timestamp now) {
  if (limit.burst > 0) {
    const double passed = static_cast<double>((now - refilled).count());
    const double rate =
        static_cast<double>(limit.count) / static_cast<double>(limit.window.count());
    tokens = std::min(static_cast<double>(limit.burst), tokens + passed * rate);
    refilled = now;
    return;
  }
  while (!sent.empty() && sent.front() + limit.window <= now) sent.pop_front();
}

void ThrottleQueue::Budget::count(Timestamp now) {
  if (limit.burst > 0) {
    tokens -= 1;
  } else {
    sent.push_back(now);
  }
}

Timestamp ThrottleQueue::Budget::ready_at(Timestamp now) const {
  Timestamp ready = now;
  if (limit.burst > 0) {
    if (tokens < 1) {
      const double rate =
          static_cast<double>(limit.count) / static_cast<double>(limit.window.count());
      ready = now + milliseconds(static_cast<std::int64_t>(std::ceil((1 - tokens) / rate)));
    }
  } else if (sent.size() >= static_cast<std::size_t>(limit.count)) {
    ready = sent[sent.size() - static_cast<std::size_t>(limit.count)] + limit.window;
  }
  return held_until ? std::max(ready, *held_until) : ready;
}

std::int64_t ThrottleQueue::Budget::remaining(Timestamp now) const {
  if (held_until && *held_until > now) return 0;
  if (limit.burst > 0) return std::max<std::int64_t>(0, static_cast<std::int64_t>(tokens));
  return std::max<std::int64_t>(0, limit.count - static_cast<std::int64_t>(sent.size()));
}

void ThrottleQueue::define(const BudgetId& id, RateLimit limit) {
  auto [found, made] = budgets_.try_emplace(id);
  auto& budget = found->second;
  if (made) {
    budget.tokens = static_cast<double>(limit.burst);
  } else {
    budget.tokens = std::min(budget.tokens, static_cast<double>(limit.burst));
  }
  budget.limit = limit;
}

ThrottleQueue::Ticket ThrottleQueue::enter(std::vector<BudgetId> budgets, std::string share) {
  const Ticket ticket = next_ticket_++;
  std::erase_if(budgets, [&](const BudgetId& id) { return !budgets_.contains(id); });
  auto& queue = waiting_[share];
  queue.served = served_[share];
  queue.waiters.push_back({ticket, std::move(budgets)});
  return ticket;
}

bool ThrottleQueue::may_go(const Waiter& waiter, Blocked& blocked, Timestamp now) {
  bool free = true;
  for (const auto& id : waiter.budgets) {
    auto& budget = budgets_.at(id);
    budget.advance(now);
    const bool overtaking =
        std::ranges::any_of(blocked, [&](const auto* other) { return *other == id; });
    if (overtaking) {
      free = false;
    } else if (budget.ready_at(now) > now) {
      free = false;
      blocked.push_back(&id);
    }
  }
  return free;
}

std::optional<ThrottleQueue::Ticket> ThrottleQueue::admit_one(Share& share, Blocked& blocked,
                                                              Timestamp now) {
  for (auto waiter = share.waiters.begin(); waiter != share.waiters.end(); ++waiter) {
    if (!may_go(*waiter, blocked, now)) continue;
    for (const auto& id : waiter->budgets) budgets_.at(id).count(now);
    const Ticket ticket = waiter->ticket;
    share.waiters.erase(waiter);
    return ticket;
  }
  return std::nullopt;
}

std::vector<ThrottleQueue::Ticket> ThrottleQueue::admit(Timestamp now) {
  std::vector<Ticket> admitted;
  while (!waiting_.empty()) {
    std::vector<std::map<std::string, Share>::iterator> turns;
    for (auto share = waiting_.begin(); share != waiting_.end(); ++share) turns.push_back(share);
    std::ranges::sort(turns, {}, [](const auto& share) {
      return std::pair(share->second.served, std::string_view(share->first));
    });
    Blocked blocked;
    bool any = false;
    for (const auto& share : turns) {
      auto ticket = admit_one(share->second, blocked, now);
      if (!ticket) continue;
      any = true;
      admitted.push_back(*ticket);
      share->second.served = served_[share->first] = ++turn_;
      break;  // a new order for the next one
    }
    std::erase_if(waiting_, [](const auto& share) { return share.second.waiters.empty(); });
    if (!any) break;
  }
  return admitted;
}

std::optional<Timestamp> ThrottleQueue::next(Timestamp now) const {
  std::optional<Timestamp> earliest;
  for (const auto& [name, share] : waiting_) {
    for (const auto& waiter : share.waiters) {
      Timestamp ready = now;
      for (const auto& id : waiter.budgets) {
        Budget budget = budgets_.at(id);
        budget.advance(now);
        ready = std::max(ready, budget.ready_at(now));
      }
      if (!earliest || ready < *earliest) earliest = ready;
    }
  }
  return earliest;
}

void ThrottleQueue::leave(Ticket ticket) {
  for (auto& [name, share] : waiting_) {
    std::erase_if(share.waiters, [&](const Waiter& waiter) { return waiter.ticket == ticket; });
  }
  std::erase_if(waiting_, [](const auto& share) { return share.second.waiters.empty(); });
}

std::vector<ThrottleQueue::Ticket> ThrottleQueue::drop_share(const std::string& share) {
  std::vector<Ticket> dropped;
  const auto found = waiting_.find(share);
  if (found == waiting_.end()) return dropped;
  for (const auto& waiter : found->second.waiters) dropped.push_back(waiter.ticket);
  waiting_.erase(found);
  return dropped;
}

void ThrottleQueue::hold(const BudgetId& id, Timestamp until) {
  const auto found = budgets_.find(id);
  if (found == budgets_.end()) return;
  auto& held = found->second.held_until;
  held = held ? std::max(*held, until) : until;
}

void ThrottleQueue::observe(const BudgetId& id, std::int64_t remaining, Timestamp now) {
  const auto found = budgets_.find(id);
  if (found == budgets_.end() || found->second.limit.burst == 0) return;
  found->second.advance(now);
  found->second.tokens = std::min(found->second.tokens, static_cast<double>(remaining));
}

std::vector<BudgetView> ThrottleQueue::view(Timestamp now) const {
  std::vector<BudgetView> views;
  for (const auto& [id, kept] : budgets_) {
    Budget budget = kept;
    budget.advance(now);
    BudgetView view{.id = id, .limit = budget.limit, .remaining = budget.remaining(now)};
    if (budget.held_until && *budget.held_until > now) view.held_until = budget.held_until;
    for (const auto& [name, share] : waiting_) {
      const auto count = std::ranges::count_if(share.waiters, [&id](const Waiter& waiter) {
        return std::ranges::find(waiter.budgets, id) != waiter.budgets.end();
      });
      if (count > 0) view.waiting.push_back({name, static_cast<std::size_t>(count)});
    }
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace ferry::azure
