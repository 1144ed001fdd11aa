// SPDX-License-Identifier: Apache-2.0
// The engine is killed for real: each life of the process is a fork that ends with _exit at a
// chosen place, and the next one goes on with what the database says.
#include "control/workflow/workflow.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/file.hpp"

namespace ferry::control {
namespace {

constexpr int kSteps = 4;
constexpr int kKilled = 42;

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-flow-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Appends a word to a file: what a step does to the world.
void act(const std::filesystem::path& file, const std::string& word) {
  auto text = read_file(file).value_or("");
  if (!write_file_atomically(file, text + word + "\n", 0600)) ::_exit(1);
}

struct Life {
  explicit Life(const std::filesystem::path& directory)
      : store(open_store(directory)),
        engine(loop, clock, *store, {.retry = {.attempts = 3, .first_delay = {}}}) {}
  static std::unique_ptr<store::Store> open_store(const std::filesystem::path& directory) {
    auto opened = store::Store::open(directory);
    if (!opened) ::_exit(2);
    return *std::move(opened);
  }
  store::Operation start(const std::string& kind, const std::string& lane = "lane") {
    auto operation = engine.prepare({.organization = fleet::OrganizationId("org"),
                                     .kind = kind,
                                     .target = "thing",
                                     .subject = "subject",
                                     .lane = lane});
    EXPECT_TRUE(operation) << operation.error().describe();
    engine.launch(*operation);
    return *operation;
  }
  void run_until_finished() { loop.run_until_done(wait()); }
  net::Task<bool> wait() {
    for (;;) {
      auto unfinished = store->operations.unfinished();
      if (!unfinished || unfinished->empty()) co_return true;
      co_await net::sleep_for(std::chrono::milliseconds(1));
    }
  }
  SystemClock clock;
  net::EventLoop loop;
  std::unique_ptr<store::Store> store;
  WorkflowEngine engine;
};

// kill_at: 2 i is before the effect of step i, 2 i + 1 after it but before its end is recorded.
WorkflowBuilder killable(std::filesystem::path world, int kill_at) {
  return [world, kill_at](const store::Operation&) -> Result<Workflow> {
    Workflow workflow;
    for (int i = 0; i < kSteps; ++i) {
      workflow.steps.push_back({fmt::format("step {}", i),
                                [world, kill_at, i](StepContext& step) -> net::Task<Result<void>> {
                                  co_await net::sleep_for(std::chrono::milliseconds(0));
                                  if (kill_at == 2 * i) ::_exit(kKilled);
                                  act(world, std::to_string(i));
                                  step.detail("done");
                                  if (kill_at == 2 * i + 1) ::_exit(kKilled);
                                  co_return Result<void>();
                                }});
    }
    workflow.succeeded = [world]() -> Result<void> {
      act(world, "end");
      return {};
    };
    return workflow;
  };
}

int run_in_child(const std::function<void()>& life) {
  const pid_t child = ::fork();
  if (child == 0) {
    life();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Workflow, LosesNothingWhereverTheProcessIsKilled) {
  for (int kill_at = 0; kill_at < 2 * kSteps; ++kill_at) {
    Directory directory;
    const auto world = directory.path() / "world";
    const int first = run_in_child([&] {
      Life life(directory.path());
      life.engine.define("test", killable(world, kill_at));
      life.start("test");
      life.run_until_finished();
    });
    ASSERT_EQ(first, kKilled) << kill_at;
    const int second = run_in_child([&] {
      Life life(directory.path());
      life.engine.define("test", killable(world, -1));
      if (!life.engine.resume()) ::_exit(3);
      life.run_until_finished();
    });
    ASSERT_EQ(second, 0) << kill_at;
    // A step that was killed after its effect acts again, and none is left out or out of order.
    std::string expected;
    for (int i = 0; i < kSteps; ++i) {
      expected += fmt::format("{}\n", i);
      if (kill_at == 2 * i + 1) expected += fmt::format("{}\n", i);
    }
    EXPECT_EQ(*read_file(world), expected + "end\n") << kill_at;
    auto store = store::Store::open(directory.path());
    ASSERT_TRUE(store);
    const auto operation = (*store)->operations.find_newest("subject");
    EXPECT_EQ((*operation)->status, fleet::RunState::succeeded);
    for (const auto& step : (*operation)->steps) {
      EXPECT_EQ(step.status, fleet::RunState::succeeded);
    }
  }
}

TEST(Workflow, SurvivesBeingKilledAtEveryStepInTurn) {
  Directory directory;
  const auto world = directory.path() / "world";
  for (int life_number = 0; life_number <= 2 * kSteps; ++life_number) {
    const int kill_at = life_number < 2 * kSteps ? life_number : -1;
    const int status = run_in_child([&] {
      Life life(directory.path());
      life.engine.define("test", killable(world, kill_at));
      if (life_number == 0) {
        life.start("test");
      } else if (!life.engine.resume()) {
        ::_exit(3);
      }
      life.run_until_finished();
    });
    EXPECT_EQ(status, kill_at >= 0 ? kKilled : 0) << life_number;
  }
  EXPECT_TRUE(read_file(world)->ends_with("end\n"));
}

Step counted(std::string name, int& runs, std::function<Result<void>(int)> outcome) {
  return {std::move(name), [&runs, outcome](StepContext&) -> net::Task<Result<void>> {
            ++runs;
            co_return outcome(runs);
          }};
}

TEST(Workflow, TriesAgainWhatMayPassAndNothingElse) {
  Directory directory;
  Life life(directory.path());
  int passing = 0;
  int down = 0;
  int wrong = 0;
  life.engine.define("passing", [&](const store::Operation&) -> Result<Workflow> {
    return Workflow{{counted("s", passing,
                             [](int run) -> Result<void> {
                               if (run < 3) return fail(Code::unavailable, "not yet");
                               return {};
                             })},
                    {},
                    {}};
  });
  life.engine.define("down", [&](const store::Operation&) -> Result<Workflow> {
    return Workflow{
        {counted("s", down, [](int) -> Result<void> { return fail(Code::unavailable, "down"); })},
        {},
        {}};
  });
  life.engine.define("wrong", [&](const store::Operation&) -> Result<Workflow> {
    return Workflow{
        {counted("s", wrong, [](int) -> Result<void> { return fail(Code::conflict, "no"); })},
        {},
        {}};
  });
  const auto one = life.start("passing");
  const auto two = life.start("down");
  const auto three = life.start("wrong");
  life.run_until_finished();
  EXPECT_EQ(passing, 3);
  EXPECT_EQ(down, 3);
  EXPECT_EQ(wrong, 1);
  EXPECT_EQ((*life.store->operations.find(one.id))->status, fleet::RunState::succeeded);
  EXPECT_EQ((*life.store->operations.find(two.id))->error->code, Code::unavailable);
  EXPECT_EQ((*life.store->operations.find(three.id))->error->describe(), "s: no");
}

TEST(Workflow, AFailedOperationGoesOnWhereItFailed) {
  Directory directory;
  Life life(directory.path());
  int first = 0;
  int second = 0;
  std::string state;
  life.engine.define("flow", [&](const store::Operation&) -> Result<Workflow> {
    return Workflow{{counted("one", first, [](int) { return Result<void>(); }),
                     counted("two", second,
                             [](int run) -> Result<void> {
                               if (run == 1) return fail(Code::internal, "broken");
                               return {};
                             })},
                    [&]() -> Result<void> {
                      state = "ready";
                      return {};
                    },
                    [&](const Error& error) -> Result<void> {
                      state = "failed: " + error.message;
                      return {};
                    }};
  });
  auto operation = life.start("flow");
  life.run_until_finished();
  EXPECT_EQ(state, "failed: broken");
  auto again = life.engine.prepare_again(**life.store->operations.find(operation.id));
  ASSERT_TRUE(again);
  life.engine.launch(*again);
  life.run_until_finished();
  EXPECT_EQ(state, "ready");
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TEST(Workflow, OperationsOfOneLaneNeverRunAtTheSameTime) {
  Directory directory;
  Life life(directory.path());
  int running = 0;
  int most = 0;
  life.engine.define("flow", [&](const store::Operation&) -> Result<Workflow> {
    return Workflow{{{"s",
                      [&](StepContext&) -> net::Task<Result<void>> {
                        most = std::max(most, ++running);
                        co_await net::sleep_for(std::chrono::milliseconds(2));
                        --running;
                        co_return Result<void>();
                      }}},
                    {},
                    {}};
  });
  for (int i = 0; i < 3; ++i) life.start("flow", "one");
  life.run_until_finished();
  EXPECT_EQ(most, 1);
  for (int i = 0; i < 3; ++i) life.start("flow", fmt::format("lane-{}", i));
  life.run_until_finished();
  EXPECT_EQ(most, 3);
}

}  // namespace
}  // namespace ferry::control
