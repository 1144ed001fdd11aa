// SPDX-License-Identifier: Apache-2.0
// Queues requests under the rate limits of Azure's services, so that none is sent that would be
// refused. One for the whole process: limits belong to a subscription or a service, whoever asks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "azure/throttle_queue.hpp"
#include "azure/transport.hpp"
#include "net/task.hpp"

namespace ferry::azure {

// Belongs to one loop. Budgets without a definition have no limit.
class Throttle {
 public:
  // How whoever watches the queue waits; without one by the loop's timers, which a change ends
  // early.
  using Sleep = std::function<net::Task<void>(std::chrono::milliseconds)>;
  explicit Throttle(const Clock& clock, Sleep sleep = {});  // the clock must outlive it
  ~Throttle();

  void define(const BudgetId& id, RateLimit limit);
  // Waits until a request may be sent against all these budgets, and counts it. Requests of
  // different `share`s (workspaces) take turns. Code::cancelled when cancel() was called meanwhile.
  net::Task<Result<void>> pass(std::vector<BudgetId> budgets, std::string share);
  // Ends the waiting of all requests of this share.
  void cancel(const std::string& share);

  // The service has refused a request: it stands still for `pause` against these budgets.
  void hold(const std::vector<BudgetId>& budgets, std::chrono::milliseconds pause);
  // What the service says is left.
  void observe(const BudgetId& id, std::int64_t remaining);
  std::vector<BudgetView> view() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A transport whose calls pass `throttle` first, and which holds the budgets when the service
// answers 429. For clients that do not go through a Pipeline.
using BudgetsOf = std::function<std::vector<BudgetId>(const net::HttpCall&)>;
Transport throttled(Transport transport, std::shared_ptr<Throttle> throttle, BudgetsOf budgets,
                    std::string share);

}  // namespace ferry::azure
