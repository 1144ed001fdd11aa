// SPDX-License-Identifier: Apache-2.0
// The promises of smart deployments over random fleets, changes and interleavings. A failure names
// its seed; FERRY_SEED runs that case alone, FERRY_CASES says how many there are.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "fleet/simulation.hpp"
#include "tests/fleet/fleet_model.hpp"

namespace ferry::fleet::model {
namespace {

// Optimized builds, as CI has them, run all of them; the others enough to see that they pass.
#ifdef __OPTIMIZE__
constexpr std::uint64_t kCases = 25'000;  // of each law
#else
constexpr std::uint64_t kCases = 1'000;
#endif

template <class Case>
void for_each_case(Case run) {
  const auto number = [](const char* name) -> std::optional<std::uint64_t> {
    const char* text = std::getenv(name);
    return text ? std::optional(std::strtoull(text, nullptr, 10)) : std::nullopt;
  };
  if (const auto seed = number("FERRY_SEED")) {
    run(*seed);
    return;
  }
  const auto cases = number("FERRY_CASES").value_or(kCases);
  for (std::uint64_t seed = 0; seed < cases && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    run(seed);
  }
}

bool is_settled(const Fleet& fleet) {
  return std::all_of(kGroups.begin(), kGroups.end(), [&](const std::string& group) {
    const auto runs = runs_of(fleet, group);
    return std::all_of(runs.begin(), runs.end(),
                       [](const auto& entry) { return entry.second.versions.size() == 1; });
  });
}

const GroupPlan* find_group(const Plan& plan, const std::string& group) {
  for (const auto& planned : plan.groups) {
    if (planned.group == group) return &planned;
  }
  return nullptr;
}

// What `runs` become where added components bring their settings: those a plan does not repeat.
void expect_same(const Runs& planned, const Runs& actual, const Difference& difference) {
  Runs expected = planned;
  for (const auto& added : difference.added) {
    const auto there = actual.find(added.name);
    ASSERT_NE(there, actual.end()) << added.name;
    expected[added.name].settings = there->second.settings;
  }
  EXPECT_EQ(expected, actual);
}

const Difference& difference_for(const GroupPlan& group, const std::string& node) {
  for (const auto& apart : group.apart) {
    if (apart.node == node) return apart.difference;
  }
  return group.difference;
}

// The plan's words against what happens to every group and every node of it.
void hold_plan_against_effect(const Fleet& before, const Fleet& after, const Plan& plan) {
  for (const auto& group : kGroups) {
    const auto* planned = find_group(plan, group);
    std::vector<std::string> nodes{""};
    for (const auto& node : before.groups.at(group).nodes) nodes.push_back(node.name);
    for (const auto& node : nodes) {
      const auto was = runs_of_node(before, group, node);
      const auto is = runs_of_node(after, group, node);
      if (!planned) {
        EXPECT_EQ(was, is) << group << " is not in the plan";
        continue;
      }
      const auto& difference = difference_for(*planned, node);
      const auto becomes = apply(difference, was);
      ASSERT_TRUE(becomes) << "the plan contradicts what " << group << " ran";
      expect_same(*becomes, is, difference);
      for (const auto& [component, running] : was) {
        const bool stays = is.contains(component);
        const auto& removed = difference.removed;
        const bool named = std::any_of(removed.begin(), removed.end(),
                                       [&](const auto& ref) { return ref.name == component; });
        EXPECT_NE(stays, named) << component << " on " << group;
      }
    }
  }
}

// A fleet that stands, reached by plans alone.
Fleet some_fleet(Dice& dice) {
  auto fleet = empty_fleet(dice);
  for (int i = dice.pick(5); i > 0; --i) {
    const auto change = some_change(dice, fleet);
    if (make_plan(fleet, change).applicable()) fleet = record(std::move(fleet), change);
  }
  return fleet;
}

TEST(FleetLaws, ThePlanIsTheEffectAndNothingLeavesUnnamed) {
  std::uint64_t applied = 0;
  for_each_case([&](std::uint64_t seed) {
    Dice dice(seed);
    const auto before = some_fleet(dice);
    const auto change = some_change(dice, before);
    const auto plan = make_plan(before, change);
    const auto after = record(before, change);
    if (!plan.applicable()) return;
    ++applied;
    EXPECT_TRUE(is_settled(after)) << "two versions of one component";
    hold_plan_against_effect(before, after, plan);
    const auto read = change_from_json(to_json(change));
    ASSERT_TRUE(read) << read.error().describe();
    EXPECT_EQ(normal_form(*read), change);
  });
  if (!std::getenv("FERRY_SEED")) EXPECT_GT(applied, 300U);
}

TEST(FleetLaws, TwoVersionsAreAlwaysAConflictAndNeverSent) {
  for_each_case([&](std::uint64_t seed) {
    Dice dice(seed ^ 0x5555);
    const auto before = some_fleet(dice);
    const auto change = some_change(dice, before);
    const auto plan = make_plan(before, change);
    EXPECT_EQ(plan.conflicts.empty(), is_settled(record(before, change)));
  });
}

TEST(FleetLaws, GoingBackRestoresEveryByte) {
  std::uint64_t returned = 0;
  for_each_case([&](std::uint64_t seed) {
    Dice dice(seed ^ 0xaaaa);
    const auto before = some_fleet(dice);
    const auto change = some_change(dice, before);
    if (!make_plan(before, change).applicable()) return;
    const auto after = record(before, change);
    const auto back = back_to(before, change);
    const auto plan = make_plan(after, back);
    EXPECT_TRUE(plan.conflicts.empty());
    const auto again = record(after, back);
    hold_plan_against_effect(after, again, plan);
    for (const auto& group : kGroups)
      EXPECT_EQ(content_of(again, group), content_of(before, group));
    ++returned;
  });
  if (!std::getenv("FERRY_SEED")) EXPECT_GT(returned, 300U);
}

// People plan and apply at the same time while groups are delivered to whenever it suits.
class Interleaving {
 public:
  explicit Interleaving(std::uint64_t seed)
      : dice_(seed), fleet_(some_fleet(dice_)), start_(fleet_) {
    for (const auto& group : kGroups) delivered_[group] = runs_of(fleet_, group);
  }

  void run() {
    people_.resize(3);
    for (int step = 0; step < 12; ++step) {
      auto& person = people_[static_cast<std::size_t>(dice_.pick(3))];
      switch (dice_.pick(3)) {
        case 0:
          plan(person);
          break;
        case 1:
          apply_plan(person);
          break;
        default:
          deliver(dice_.of(kGroups));
      }
    }
    for (const auto& group : kGroups) deliver(group);
    explain();
  }

 private:
  struct Person {
    Change change;
    std::optional<json::object> promise;
  };

  void plan(Person& person) {
    person.change = some_change(dice_, fleet_);
    const auto plan = make_plan(fleet_, person.change);
    person.promise.reset();
    if (plan.applicable()) person.promise = promise_of(plan);
  }

  // As Deployments::commit_change does it: plan anew, hold it against the promise, record.
  void apply_plan(Person& person) {
    if (!person.promise) return;
    const auto plan = make_plan(fleet_, person.change);
    const bool moved = !what_moved(*person.promise, promise_of(plan)).empty();
    const bool consent = dice_.chance(50);
    person.promise.reset();
    if (moved || !plan.applicable() || (plan.has_removals() && !consent)) return;
    const auto before = fleet_;
    fleet_ = record(fleet_, person.change);
    hold_plan_against_effect(before, fleet_, plan);
    log_.push_back(person.change);
    for (const auto& group : plan.groups) {
      for (const auto& removed : group.difference.removed) {
        consented_[group.group].insert(removed.name);
      }
    }
  }

  // From what is live then, several changes at once if need be.
  void deliver(const std::string& group) {
    const auto now = runs_of(fleet_, group);
    for (const auto& [component, running] : delivered_[group]) {
      EXPECT_TRUE(now.contains(component) || consented_[group].contains(component))
          << component << " left " << group << " without consent";
    }
    for (const auto& [component, running] : now) EXPECT_EQ(running.versions.size(), 1U);
    delivered_[group] = now;
    consented_[group].clear();
  }

  // One order, that of the applied plans, gives the same end.
  void explain() {
    auto ordered = start_;
    for (const auto& change : log_) ordered = record(std::move(ordered), change);
    for (const auto& group : kGroups) {
      EXPECT_EQ(runs_of(ordered, group), delivered_[group]);
      EXPECT_EQ(content_of(ordered, group), content_of(fleet_, group));
    }
  }

  Dice dice_;
  Fleet fleet_;
  const Fleet start_;
  std::vector<Person> people_;
  std::vector<Change> log_;
  std::map<std::string, Runs> delivered_;
  std::map<std::string, std::set<std::string>> consented_;
};

TEST(FleetLaws, ASimulatedChangeIsTheRecordedOne) {
  for_each_case([&](std::uint64_t seed) {
    Dice dice(seed ^ 0x1234);
    const auto before = some_fleet(dice);
    const auto change = some_change(dice, before);
    if (!make_plan(before, change).applicable()) return;
    const auto simulated = after_change(before, change);
    const auto recorded = record(before, change);
    for (const auto& group : kGroups) {
      EXPECT_EQ(content_of(simulated, group), content_of(recorded, group));
    }
  });
}

TEST(FleetLaws, AnyInterleavingEndsInWhatOneOrderExplains) {
  for_each_case([&](std::uint64_t seed) { Interleaving(seed ^ 0xffff).run(); });
}

}  // namespace
}  // namespace ferry::fleet::model
