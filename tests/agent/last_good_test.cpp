// SPDX-License-Identifier: Apache-2.0
#include "agent/last_good.hpp"

#include <gmock/gmock.h>

#include "agent/data_directory.hpp"
#include "agent/reported.hpp"
#include "base/id.hpp"
#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

class LastGood : public testing::Test {
 protected:
  LastGood() {
    good_.modules["pump"] = module_spec("pump", "acme.example/pump@sha256:1");
    good_.modules["log"] = module_spec("log", "acme.example/log@sha256:1");
    next_ = good_;
    next_.modules["pump"].image = "acme.example/pump@sha256:2";
    next_.modules["pump"].version = "2.0.0";
    world_.desired = &next_;
    world_.hub_host = "hub.example";
    for (const auto& [name, spec] : next_.modules) {
      world_.containers.push_back(container_of_spec(spec));
      world_.ready_images.insert(spec.image);
    }
    plan_.settled = true;
  }
  ObservedContainer& container(const std::string& module) {
    for (auto& one : world_.containers) {
      if (one.module == module) return one;
    }
    return world_.containers.front();
  }
  void crash(const std::string& module, int restarts) {
    container(module).state = ContainerState::exited;
    container(module).exit_code = 3;
    world_.records[module].restart_count = restarts;
  }

  Composition good_;
  Composition next_;
  World world_;
  Plan plan_;
};

TEST_F(LastGood, ACrashLoopOfAChangedModuleIsAReason) {
  EXPECT_THAT(reason_to_return(world_, good_), IsEmpty());
  crash("pump", kReturnAfter - 1);
  EXPECT_THAT(reason_to_return(world_, good_), IsEmpty()) << "a slip";
  crash("pump", kReturnAfter);
  EXPECT_EQ(reason_to_return(world_, good_),
            "pump 2.0.0 was started again 3 times and ended with exit code 3");
  container("pump").state = ContainerState::running;
  EXPECT_THAT(reason_to_return(world_, good_), IsEmpty()) << "it runs just now";
}

TEST_F(LastGood, WhatIsTheSameInBothIsNoReason) {
  crash("log", 20);
  EXPECT_THAT(reason_to_return(world_, good_), IsEmpty());
  crash("pump", 20);
  EXPECT_THAT(reason_to_return(world_, next_), IsEmpty()) << "there is nothing to go back to";
  next_.modules["pump"].status = DesiredStatus::stopped;
  EXPECT_THAT(reason_to_return(world_, good_), IsEmpty());
}

TEST_F(LastGood, AnImageThatCannotBeFetchedIsNoReasonButOneThatCannotStartIs) {
  std::erase_if(world_.containers, [](const auto& one) { return one.module == "pump"; });
  world_.ready_images.erase(next_.modules["pump"].image);
  world_.records["pump"].failures = 9;
  world_.records["pump"].last_error = "no such file";
  EXPECT_THAT(reason_to_return(world_, good_), IsEmpty());
  world_.ready_images.insert(next_.modules["pump"].image);
  EXPECT_EQ(reason_to_return(world_, good_), "pump 2.0.0 could not be started: no such file");
}

TEST_F(LastGood, AModuleThatIsNewCountsAsChanged) {
  next_.modules["extra"] = module_spec("extra");
  world_.containers.push_back(container_of_spec(next_.modules["extra"]));
  crash("extra", 5);
  EXPECT_THAT(reason_to_return(world_, good_), HasSubstr("extra"));
}

TEST_F(LastGood, ProvenIsWhatHasRunForLongEnough) {
  EXPECT_TRUE(is_proven(world_, plan_, kNow, seconds(60)));
  EXPECT_FALSE(is_proven(world_, plan_, kNow, seconds(61)));
  plan_.in_backoff = {"pump"};
  EXPECT_FALSE(is_proven(world_, plan_, kNow, seconds(1)));
  plan_.in_backoff.clear();
  plan_.settled = false;
  EXPECT_FALSE(is_proven(world_, plan_, kNow, seconds(1)));
  plan_.settled = true;
  container("pump").state = ContainerState::exited;
  EXPECT_TRUE(is_proven(world_, plan_, kNow, seconds(60))) << "its task has ended well";
  container("pump").exit_code = 1;
  EXPECT_FALSE(is_proven(world_, plan_, kNow, seconds(60)));
}

TEST_F(LastGood, ADocumentIsKnownByWhatItRuns) {
  const auto content = [](const json::object& document) { return content_of(document); };
  const auto one = desired_document(R"({"a":{"x":1,"y":2},"b":{}})", 7);
  EXPECT_EQ(content(one), content(desired_document(R"({"b":{},"a":{"y":2,"x":1}})", 9)));
  EXPECT_NE(content(one), content(desired_document(R"({"a":{"x":1,"y":3},"b":{}})", 7)));
  auto rotated = one;
  rotated["runtime"].as_object()["settings"] = json::object();
  EXPECT_EQ(content(one), content(rotated)) << "a new password is no new composition";
}

TEST_F(LastGood, TheReportSaysWhatItWentBackFrom) {
  const FallenFrom fallen{"hash", 9, "pump crashed", kNow};
  good_.version = 7;
  ReportInput input;
  input.composition = &good_;
  input.world = &world_;
  input.plan = &plan_;
  EXPECT_EQ(find_path(build_reported(input), "ferry.returned"), nullptr);
  input.fallen = &fallen;
  const auto report = build_reported(input);
  const auto* returned = find_path(report, "ferry.returned");
  ASSERT_NE(returned, nullptr);
  EXPECT_EQ(returned->at("from").as_int64(), 9);
  EXPECT_EQ(returned->at("to").as_int64(), 7);
  EXPECT_EQ(returned->at("reason").as_string(), "pump crashed");
}

TEST_F(LastGood, IsRememberedOnDisk) {
  const auto path = std::filesystem::temp_directory_path() / random_id("agent");
  {
    auto directory = DataDirectory::open(path);
    ASSERT_TRUE(directory);
    EXPECT_FALSE(directory->load_fallen()->has_value());
    ASSERT_TRUE(directory->save(FallenFrom{"hash", 9, "pump crashed", kNow}));
    const auto fallen = directory->load_fallen();
    ASSERT_TRUE(fallen && *fallen);
    EXPECT_EQ((*fallen)->content, "hash");
    EXPECT_EQ((*fallen)->version, 9);
    EXPECT_EQ((*fallen)->at, kNow);
    ASSERT_TRUE(directory->forget_fallen());
    EXPECT_FALSE(directory->load_fallen()->has_value());
    ASSERT_TRUE(directory->forget_fallen()) << "again";
  }
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace ferry::agent
