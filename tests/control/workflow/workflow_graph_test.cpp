// SPDX-License-Identifier: Apache-2.0
// Steps that run at the same time, attempts that are kept, cancellation, and being watched.
#include <unistd.h>

#include <gtest/gtest.h>

#include "control/workflow/workflow.hpp"

namespace ferry::control {
namespace {

using fleet::RunState;
using namespace std::chrono_literals;

class WorkflowGraphTest : public testing::Test {
 protected:
  WorkflowGraphTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-graph-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    open();
  }
  ~WorkflowGraphTest() override {
    engine_.reset();
    loop_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  void open() {
    engine_.reset();
    loop_ = std::make_unique<net::EventLoop>();
    store_.reset();
    auto store = store::Store::open(directory_);
    ASSERT_TRUE(store) << store.error().describe();
    store_ = *std::move(store);
    engine_ = std::make_unique<WorkflowEngine>(
        *loop_, clock_, *store_,
        EngineOptions{.retry = {.attempts = 3, .first_delay = 10ms},
                      .sleep = [this](std::chrono::milliseconds delay) { return wait(delay); },
                      .jitter = [] { return 0.5; }});
  }
  net::Task<void> wait(std::chrono::milliseconds delay) {
    slept_.push_back(delay);
    clock_.advance(delay);
    co_return;
  }
  // A step that says when it begins and ends, and lasts two turns of the loop.
  Step step(std::string name, std::vector<std::string> after) {
    return {name,
            [this, name](StepContext&) -> net::Task<Result<void>> {
              journal_.push_back("+" + name);
              co_await net::sleep_for(2ms);
              journal_.push_back("-" + name);
              auto outcome = outcomes_.find(name);
              if (outcome == outcomes_.end() || outcome->second.empty()) co_return Result<void>();
              Error error = outcome->second.front();
              outcome->second.erase(outcome->second.begin());
              co_return fail(std::move(error));
            },
            std::move(after)};
  }
  store::Operation start(std::vector<Step> steps) {
    engine_->define("test", [steps](const store::Operation&) -> Result<Workflow> {
      return Workflow{steps, {}, {}};
    });
    auto operation = engine_->prepare({.organization = fleet::OrganizationId("org"),
                                       .kind = "test",
                                       .target = "thing",
                                       .subject = "subject",
                                       .lane = "lane"});
    EXPECT_TRUE(operation) << operation.error().describe();
    engine_->launch(*operation);
    return *operation;
  }
  store::Operation end_of(const fleet::OperationId& id) {
    return loop_->run_until_done(until_over(id));
  }
  net::Task<store::Operation> until_over(fleet::OperationId id) {
    std::uint64_t seen = 0;
    while (true) {
      auto operation = store_->operations.find(id);
      if ((*operation)->finished_at) co_return **operation;
      seen = engine_->changes().revision(id.str());
      co_await engine_->changes().wait(id.str(), seen, 1s);
    }
  }
  std::size_t at(const std::string& word) const {
    return static_cast<std::size_t>(std::find(journal_.begin(), journal_.end(), word) -
                                    journal_.begin());
  }

  std::filesystem::path directory_;
  ManualClock clock_{Timestamp(1'000'000ms)};
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<WorkflowEngine> engine_;
  std::vector<std::string> journal_;
  std::map<std::string, std::vector<Error>> outcomes_;
  std::vector<std::chrono::milliseconds> slept_;
};

TEST_F(WorkflowGraphTest, IndependentStepsRunAtTheSameTimeAndOthersWaitForTheirs) {
  const auto operation =
      start({step("group", {}), step("hub", {"group"}), step("storage", {"group"}),
             step("dps", {"hub"}), step("end", {"dps", "storage"})});
  const auto ended = end_of(operation.id);
  EXPECT_EQ(ended.status, RunState::succeeded);
  EXPECT_EQ(journal_.size(), 10U);
  EXPECT_LT(at("+storage"), at("-hub"));
  EXPECT_LT(at("-hub"), at("+dps"));
  EXPECT_LT(at("-dps"), at("+end"));
  EXPECT_LT(at("-storage"), at("+end"));
  EXPECT_EQ(ended.steps[4].depends_on, (std::vector<std::string>{"dps", "storage"}));
}

TEST_F(WorkflowGraphTest, WaitsAsLongAsItIsTold) {
  Error throttled{Code::resource_exhausted, "too many requests"};
  throttled.retry_after = 40s;
  outcomes_["a"] = {throttled, Error{Code::unavailable, "down"}};
  const auto ended = end_of(start({step("a", {})}).id);
  EXPECT_EQ(ended.status, RunState::succeeded);
  EXPECT_EQ(ended.steps[0].attempt, 3);
  EXPECT_FALSE(ended.steps[0].retry_at);
  // 40 s and the spread; then 10 ms doubled, for it is the second attempt.
  EXPECT_EQ(slept_, (std::vector<std::chrono::milliseconds>{40'002ms, 20ms}));
}

TEST_F(WorkflowGraphTest, WhatRunsEndsWhenAnotherStepFailsAndNothingElseBegins) {
  outcomes_["bad"] = {Error{Code::permission_denied, "not allowed"}};
  const auto ended = end_of(start({step("bad", {}), step("good", {}), step("next", {"good"})}).id);
  EXPECT_EQ(ended.status, RunState::failed);
  EXPECT_EQ(ended.error->code, Code::permission_denied);
  EXPECT_EQ(ended.steps[1].status, RunState::succeeded);
  EXPECT_EQ(ended.steps[2].status, RunState::pending);
}

TEST_F(WorkflowGraphTest, CancellingLetsWhatRunsEndAndCanBeTakenUpAgain) {
  const auto operation = start({step("one", {}), step("two", {"one"})});
  while (journal_.empty()) loop_->context().run_one();
  ASSERT_TRUE(engine_->cancel(operation.id));
  auto ended = end_of(operation.id);
  EXPECT_EQ(ended.status, RunState::cancelled);
  EXPECT_EQ(ended.error->code, Code::cancelled);
  EXPECT_EQ(journal_, (std::vector<std::string>{"+one", "-one"}));
  EXPECT_EQ(engine_->cancel(operation.id).error().code, Code::conflict);

  auto again = engine_->prepare_again(ended);
  ASSERT_TRUE(again);
  engine_->launch(*again);
  ended = end_of(operation.id);
  EXPECT_EQ(ended.status, RunState::succeeded);
  EXPECT_EQ(journal_, (std::vector<std::string>{"+one", "-one", "+two", "-two"}));
}

TEST_F(WorkflowGraphTest, AnAttemptThatIsDueLaterIsRememberedByTheNextProcess) {
  outcomes_["a"] = {Error{Code::unavailable, "down"}};
  const auto steps = std::vector<Step>{step("a", {})};
  const auto operation = start(steps);
  // Killed when the failure is recorded, while it waits.
  for (;;) {
    loop_->context().run_one();
    const auto recorded = *store_->operations.find(operation.id);
    if (recorded->steps[0].retry_at) break;
  }
  const auto due = *(*store_->operations.find(operation.id))->steps[0].retry_at;
  open();
  clock_ = ManualClock(due - 5ms);
  slept_.clear();
  engine_->define("test", [steps](const store::Operation&) -> Result<Workflow> {
    return Workflow{steps, {}, {}};
  });
  ASSERT_TRUE(engine_->resume());
  const auto ended = end_of(operation.id);
  EXPECT_EQ(ended.status, RunState::succeeded);
  EXPECT_EQ(ended.steps[0].attempt, 2);
  EXPECT_EQ(slept_, (std::vector<std::chrono::milliseconds>{5ms}));
}

}  // namespace
}  // namespace ferry::control
