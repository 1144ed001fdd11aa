// SPDX-License-Identifier: Apache-2.0
// Rate limits: what is never exceeded, who waits for whom.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "azure/limits.hpp"
#include "tests/azure/scripted.hpp"

namespace ferry::azure {
namespace {

using std::chrono::milliseconds;

const BudgetId kA{"hub", "a"};
const BudgetId kB{"hub", "b"};
const Timestamp kStart = from_unix_seconds(1'900'000'000);

// The most of `times` within any half-open span of `window`.
std::size_t most_within(const std::vector<Timestamp>& times, milliseconds window) {
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < times.size(); ++last) {
    while (times[last] - times[first] >= window) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

// Sends everything that is asked for at random moments, as fast as the queue allows.
struct Run {
  std::map<BudgetId, std::vector<Timestamp>> sent;
  std::map<std::string, std::vector<Timestamp>> by_share;
  std::size_t asked = 0;
  std::size_t admitted = 0;
  Timestamp end = kStart;
};

Run play(ThrottleQueue& queue) {
  Run run;
  std::map<ThrottleQueue::Ticket, std::pair<std::vector<BudgetId>, std::string>> open;
  Timestamp now = kStart;
  const auto admit = [&] {
    for (const auto ticket : queue.admit(now)) {
      const auto& [budgets, share] = open.at(ticket);
      for (const auto& id : budgets) run.sent[id].push_back(now);
      run.by_share[share].push_back(now);
      open.erase(ticket);
      ++run.admitted;
    }
  };
  const auto requests = *rc::gen::inRange(1, 80);
  for (int i = 0; i < requests; ++i) {
    now += milliseconds(
        *rc::gen::weightedOneOf<int>({{3, rc::gen::just(0)}, {1, rc::gen::inRange(0, 700)}}));
    const auto which = *rc::gen::inRange(0, 3);
    std::vector<BudgetId> budgets;
    if (which != 1) budgets.push_back(kA);
    if (which != 0) budgets.push_back(kB);
    const std::string share = *rc::gen::element<std::string>("x", "y", "z");
    open.emplace(queue.enter(budgets, share), std::make_pair(budgets, share));
    ++run.asked;
    if (*rc::gen::inRange(0, 10) == 0) queue.hold(kA, now + milliseconds(500));
    admit();
  }
  while (!queue.idle()) {
    const auto next = queue.next(now);
    RC_ASSERT(next.has_value());
    RC_ASSERT(*next > now);
    now = *next;
    admit();
  }
  run.end = now;
  return run;
}

RC_GTEST_PROP(ThrottleProperty, NeverSendsMoreThanTheLimitInAnyWindow, ()) {
  const auto count = *rc::gen::inRange<std::int64_t>(1, 12);
  const milliseconds window(*rc::gen::inRange(1, 3000));
  const auto burst = *rc::gen::inRange<std::int64_t>(1, 20);
  ThrottleQueue queue;
  queue.define(kA, {.count = count, .window = window});
  queue.define(kB, {.count = count, .window = window, .burst = burst});
  const Run run = play(queue);
  RC_ASSERT(run.admitted == run.asked);
  for (const auto& [id, times] : run.sent) {
    if (id == kA) {
      RC_ASSERT(most_within(times, window) <= static_cast<std::size_t>(count));
      continue;
    }
    // A bucket: no span holds more than the burst and what was refilled within it.
    for (const auto span : {milliseconds(1), window, window * 3}) {
      const double allowed = static_cast<double>(burst) + static_cast<double>(count) *
                                                              static_cast<double>(span.count()) /
                                                              static_cast<double>(window.count());
      RC_ASSERT(static_cast<double>(most_within(times, span)) <= allowed + 1e-6);
    }
  }
}

RC_GTEST_PROP(ThrottleProperty, IsAsFastAsTheLimitAllows, ()) {
  const auto count = *rc::gen::inRange<std::int64_t>(1, 10);
  const auto requests = *rc::gen::inRange<std::int64_t>(1, 60);
  ThrottleQueue queue;
  queue.define(kA, {.count = count, .window = milliseconds(1000)});
  for (std::int64_t i = 0; i < requests; ++i) queue.enter({kA}, "x");
  Timestamp now = kStart;
  std::size_t admitted = queue.admit(now).size();
  while (!queue.idle()) {
    now = *queue.next(now);
    admitted += queue.admit(now).size();
  }
  RC_ASSERT(admitted == static_cast<std::size_t>(requests));
  RC_ASSERT(now - kStart == milliseconds(1000) * ((requests - 1) / count));
}

RC_GTEST_PROP(ThrottleProperty, SharesTakeTurns, ()) {
  const auto many = *rc::gen::inRange(2, 60);
  ThrottleQueue queue;
  queue.define(kA, {.count = 1, .window = milliseconds(10)});
  std::map<ThrottleQueue::Ticket, std::string> shares;
  for (int i = 0; i < many; ++i) shares[queue.enter({kA}, "greedy")] = "greedy";
  const auto modest = queue.enter({kA}, "modest");
  Timestamp now = kStart;
  std::vector<ThrottleQueue::Ticket> order;
  while (!queue.idle()) {
    for (auto ticket : queue.admit(now)) order.push_back(ticket);
    if (auto next = queue.next(now)) now = *next;
  }
  const auto at = std::find(order.begin(), order.end(), modest) - order.begin();
  RC_ASSERT(at <= 1);
}

TEST(ThrottleQueue, LetsOthersPassThatNeedOtherBudgets) {
  ThrottleQueue queue;
  queue.define(kA, {.count = 1, .window = milliseconds(1000)});
  queue.define(kB, {.count = 5, .window = milliseconds(1000)});
  const auto first = queue.enter({kA}, "x");
  const auto second = queue.enter({kA, kB}, "x");
  const auto third = queue.enter({kB}, "x");
  EXPECT_EQ(queue.admit(kStart), (std::vector{first, third}));
  EXPECT_EQ(queue.admit(kStart + milliseconds(1000)), (std::vector{second}));
}

TEST(ThrottleQueue, HoldsAWholeBudgetAfterARefusal) {
  ThrottleQueue queue;
  queue.define(kA, {.count = 100, .window = milliseconds(1000)});
  queue.hold(kA, kStart + milliseconds(7000));
  queue.hold(kA, kStart + milliseconds(3000));
  const auto ticket = queue.enter({kA}, "x");
  EXPECT_TRUE(queue.admit(kStart).empty());
  EXPECT_EQ(queue.next(kStart), kStart + milliseconds(7000));
  const auto view = queue.view(kStart);
  ASSERT_EQ(view.size(), 1u);
  EXPECT_EQ(view[0].remaining, 0);
  EXPECT_EQ(view[0].held_until, kStart + milliseconds(7000));
  ASSERT_EQ(view[0].waiting.size(), 1u);
  EXPECT_EQ(view[0].waiting[0].requests, 1u);
  EXPECT_EQ(queue.admit(kStart + milliseconds(7000)), (std::vector{ticket}));
}

TEST(ThrottleQueue, BelievesTheServiceWhenLessIsLeft) {
  ThrottleQueue queue;
  queue.define(kA, {.count = 10, .window = milliseconds(1000), .burst = 250});
  queue.observe(kA, 0, kStart);
  queue.enter({kA}, "x");
  EXPECT_TRUE(queue.admit(kStart).empty());
  EXPECT_EQ(queue.next(kStart), kStart + milliseconds(100));
  queue.observe(kA, 249, kStart);
  EXPECT_TRUE(queue.admit(kStart).empty()) << "others' unused allowance is not ours to add";
}

TEST(ThrottleQueue, ForgetsWhatALargerUnitCountAllows) {
  ThrottleQueue queue;
  queue.define(kA, {.count = 1, .window = milliseconds(1000)});
  queue.enter({kA}, "x");
  queue.admit(kStart);
  queue.enter({kA}, "x");
  EXPECT_TRUE(queue.admit(kStart).empty());
  queue.define(kA, {.count = 2, .window = milliseconds(1000)});
  EXPECT_EQ(queue.admit(kStart).size(), 1u);
}

class ThrottleTest : public testing::Test {
 protected:
  template <class T>
  T run(net::Task<T> task) {
    return loop_.run_until_done(std::move(task));
  }
  net::EventLoop loop_;
  SystemClock clock_;
};

net::Task<void> count_pass(Throttle& throttle, std::string share, std::vector<std::string>& log) {
  auto passed = co_await throttle.pass({kA}, share);
  log.push_back(passed ? share : "cancelled " + share);
}

TEST_F(ThrottleTest, WakesThoseWhoWaitInTheirTurn) {
  Throttle throttle(clock_);
  throttle.define(kA, {.count = 2, .window = milliseconds(60)});
  std::vector<std::string> log;
  for (const char* share : {"x", "x", "x", "x", "y"}) {
    loop_.spawn(count_pass(throttle, share, log));
  }
  const auto began = std::chrono::steady_clock::now();
  const auto wait = [&]() -> net::Task<bool> {
    while (log.size() < 5) co_await net::sleep_for(milliseconds(5));
    co_return true;
  };
  run(wait());
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(110));
  const auto y = std::find(log.begin(), log.end(), "y") - log.begin();
  EXPECT_LE(y, 3) << "the modest one is not last";
}

TEST_F(ThrottleTest, CancelsAllOfAShareAtOnce) {
  Throttle throttle(clock_);
  throttle.define(kA, {.count = 1, .window = std::chrono::hours(1)});
  std::vector<std::string> log;
  for (const char* share : {"x", "x", "x", "y"}) loop_.spawn(count_pass(throttle, share, log));
  const auto wait = [&]() -> net::Task<bool> {
    co_await net::sleep_for(milliseconds(20));
    EXPECT_EQ(log, (std::vector<std::string>{"x"}));
    EXPECT_EQ(throttle.view().at(0).waiting.size(), 2u);
    throttle.cancel("x");
    co_await net::sleep_for(milliseconds(20));
    EXPECT_EQ(throttle.view().at(0).waiting.size(), 1u);
    throttle.cancel("y");
    co_await net::sleep_for(milliseconds(20));
    co_return true;
  };
  run(wait());
  EXPECT_EQ(log, (std::vector<std::string>{"x", "cancelled x", "cancelled x", "cancelled y"}));
}

TEST_F(ThrottleTest, SendsARefusedRequestAgainWhenTheWholeBudgetHasRested) {
  Script script;
  auto throttle = std::make_shared<Throttle>(clock_);
  throttle->define(kA, {.count = 100, .window = milliseconds(1000)});
  Pipeline pipeline({.transport = script.transport(), .clock = &clock_, .throttle = throttle});
  script.then(429, "", {{"retry-after-ms", "80"}}).then(200, "{}");
  Request request;
  request.call.url = "https://hub.example/configurations/x";
  request.budgets = {kA};
  const auto began = std::chrono::steady_clock::now();
  auto response = run(pipeline.exchange(std::move(request)));
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(79));
  EXPECT_TRUE(script.finished());
}

TEST(Limits, RequestsCountAgainstWhatMicrosoftCounts) {
  const auto names = [](const std::vector<BudgetId>& budgets) {
    std::vector<std::string> list;
    for (const auto& id : budgets) list.push_back(id.name);
    return list;
  };
  using List = std::vector<std::string>;
  const std::string rg = "/subscriptions/s/resourceGroups/rg/providers/";
  EXPECT_EQ(names(arm_budgets("s", "GET", rg + "Microsoft.Devices/IotHubs/h")), List{"reads"});
  EXPECT_EQ(names(arm_budgets("s", "POST", rg + "Microsoft.Devices/IotHubs/h/listkeys")),
            List{"writes"});
  EXPECT_EQ(names(arm_budgets("s", "DELETE", rg + "Microsoft.Devices/IotHubs/h")), List{"deletes"});
  EXPECT_EQ(names(arm_budgets("s", "PUT", rg + "Microsoft.Storage/storageAccounts/a")),
            (List{"writes", "Microsoft.Storage writes"}));
  EXPECT_EQ(names(arm_budgets("s", "GET", rg + "Microsoft.Storage/storageAccounts/a")),
            (List{"reads", "Microsoft.Storage reads"}));
  EXPECT_EQ(names(arm_budgets("s", "GET", rg + "Microsoft.Storage/storageAccounts")),
            (List{"reads", "Microsoft.Storage lists"}));
  EXPECT_EQ(names(arm_budgets("s", "PUT", rg + "microsoft.eventhub/namespaces/n")),
            (List{"writes", "Microsoft.EventHub namespace writes"}));
  EXPECT_EQ(names(arm_budgets("s", "PUT", rg + "Microsoft.EventHub/namespaces/n/eventhubs/e")),
            List{"writes"});
  EXPECT_EQ(names(hub_budgets("h", "PUT", "/configurations/c")), List{"configurations"});
  EXPECT_EQ(names(hub_budgets("h", "POST", "/devices/query")), List{"queries"});
  EXPECT_EQ(names(hub_budgets("h", "GET", "/twins/d")), List{"twin reads"});
  EXPECT_EQ(names(hub_budgets("h", "PATCH", "/twins/d/modules/m")), List{"twin updates"});
  EXPECT_EQ(names(hub_budgets("h", "PUT", "/devices/d")), List{"identity registry"});
}

TEST(Limits, GrowWithTheHub) {
  const SystemClock clock;
  Throttle throttle(clock);
  define_hub_limits(throttle, "h", "S1", 3);
  const auto count_of = [&](std::string_view name) {
    for (const auto& view : throttle.view()) {
      if (view.id.name == name) return view.limit.count;
    }
    return std::int64_t{0};
  };
  EXPECT_EQ(count_of("configurations"), 60);
  EXPECT_EQ(count_of("identity registry"), 300);
  define_hub_limits(throttle, "h", "S3", 1);
  EXPECT_EQ(count_of("configurations"), 20);
  EXPECT_EQ(count_of("identity registry"), 5000);
}

TEST(Limits, FollowWhatResourceManagerSaysIsLeft) {
  const SystemClock clock;
  Throttle throttle(clock);
  define_arm_limits(throttle, "s");
  observe_arm_limits(throttle, "s",
                     answer(200, "", {{"x-ms-ratelimit-remaining-subscription-writes", "3"}}));
  for (const auto& view : throttle.view()) {
    if (view.id.name == "writes") {
      EXPECT_LE(view.remaining, 4);
    }
    if (view.id.name == "reads") {
      EXPECT_EQ(view.remaining, 250);
    }
  }
}

}  // namespace
}  // namespace ferry::azure
