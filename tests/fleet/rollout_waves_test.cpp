// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_waves.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace ferry::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RolloutMember member(const std::string& name, const std::string& group, std::int64_t ring,
                     std::map<std::string, std::string> labels = {}) {
  return {name, name + "-id", group, ring, std::move(labels)};
}

RolloutPolicy waves(const std::vector<std::string>& texts,
                    const std::vector<std::string>& canaries = {}) {
  RolloutPolicy policy;
  if (!canaries.empty()) policy.waves.push_back({WaveRule::Kind::nodes, canaries, "", "", {}});
  for (const auto& text : texts) policy.waves.push_back(*parse_wave(text));
  return policy;
}

int some(int n) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n));
}

std::vector<RolloutMember> some_members() {
  std::vector<RolloutMember> members;
  const int count = some(40);
  for (int i = 0; i < count; ++i) {
    members.push_back(member(fmt::format("n{}", i), fmt::format("g{}", some(3)), some(30),
                             {{"site", some(4) == 0 ? "lab" : "field"}}));
  }
  return members;
}

RolloutPolicy some_policy(const std::vector<RolloutMember>& members) {
  std::vector<std::string> canaries;
  for (const auto& one : members) {
    if (some(10) == 0) canaries.push_back(one.node);
  }
  std::vector<std::string> texts;
  if (some(3) == 0) texts.push_back("site=lab");
  if (some(2) == 0) texts.push_back(fmt::format("{}", 1 + some(5)));
  int percent = 0;
  for (int i = some(4); i > 0; --i) texts.push_back(fmt::format("{}%", percent += 1 + some(30)));
  return waves(texts, canaries);
}

std::vector<PlacedNode> placed(const std::vector<RolloutMember>& members, const WavePlan& plan,
                               const std::string& group) {
  std::vector<PlacedNode> nodes;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].group == group) {
      nodes.push_back({members[i].device, members[i].ring, plan.positions[i]});
    }
  }
  return nodes;
}

RC_GTEST_PROP(WaveLaws, EveryNodeIsInExactlyOneWaveAndNoWaveIsEmpty, ()) {
  const auto members = some_members();
  const auto plan = assign_waves(some_policy(members), members);
  RC_ASSERT(plan.has_value());
  RC_ASSERT(plan->positions.size() == members.size());
  std::vector<int> sizes(plan->waves.size());
  for (const auto position : plan->positions) {
    RC_ASSERT(position < plan->waves.size());
    ++sizes[position];
  }
  for (const auto size : sizes) RC_ASSERT(size > 0);
}

RC_GTEST_PROP(WaveLaws, AConditionLetsInExactlyItsWavesAndNobodyWithoutARing, ()) {
  const auto members = some_members();
  const auto plan = assign_waves(some_policy(members), members);
  RC_ASSERT(plan.has_value());
  for (const auto* group : {"g0", "g1", "g2"}) {
    const auto nodes = placed(members, *plan, group);
    for (std::size_t wave = 0; wave < plan->waves.size(); ++wave) {
      const auto admission = admission_of(nodes, wave);
      for (const auto& node : nodes) {
        const bool named =
            std::binary_search(admission.devices.begin(), admission.devices.end(), node.device);
        const bool in = node.ring < admission.below || named;
        RC_ASSERT(in == (node.wave <= wave));
      }
      RC_ASSERT(admission.below <= kRings);
    }
  }
}

RC_GTEST_PROP(WaveLaws, TheOrderOfTheMembersChangesNothing, ()) {
  const auto members = some_members();
  const auto policy = some_policy(members);
  auto shuffled = members;
  for (std::size_t i = shuffled.size(); i > 1; --i) {
    std::swap(shuffled[i - 1], shuffled[static_cast<std::size_t>(some(static_cast<int>(i)))]);
  }
  const auto one = assign_waves(policy, members);
  const auto other = assign_waves(policy, shuffled);
  RC_ASSERT(one && other && one->waves == other->waves);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto same =
        std::find_if(shuffled.begin(), shuffled.end(),
                     [&](const RolloutMember& node) { return node.node == members[i].node; });
    RC_ASSERT(one->positions[i] ==
              other->positions[static_cast<std::size_t>(same - shuffled.begin())]);
  }
}

RC_GTEST_PROP(WaveLaws, SharesAreExactAndEvenOverTheGroups, ()) {
  const auto members = some_members();
  RC_PRE(!members.empty());
  const auto percent = 1 + some(99);
  const auto plan = assign_waves(waves({fmt::format("{}%", percent)}), members);
  RC_ASSERT(plan.has_value());
  const auto all = static_cast<std::int64_t>(members.size());
  const auto wanted = (all * percent + 99) / 100;
  RC_ASSERT(std::count(plan->positions.begin(), plan->positions.end(), 0U) == wanted);
  for (const auto* group : {"g0", "g1", "g2"}) {
    const auto nodes = placed(members, *plan, group);
    const auto in = std::count_if(nodes.begin(), nodes.end(),
                                  [](const PlacedNode& node) { return node.wave == 0; });
    const double due =
        static_cast<double>(nodes.size()) * static_cast<double>(wanted) / static_cast<double>(all);
    RC_ASSERT(static_cast<double>(in) >= due - 1.5 && static_cast<double>(in) <= due + 1.5);
  }
}

TEST(Waves, CanariesComeFirstAndAreNamed) {
  const std::vector<RolloutMember> members{member("a", "g", 10), member("b", "g", 20),
                                           member("c", "g", 30), member("d", "g", 40)};
  const auto plan = assign_waves(waves({"50%"}, {"c"}), members);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->waves, ElementsAre("c", "50%", "100%"));
  EXPECT_THAT(plan->positions, ElementsAre(1, 2, 0, 2));
  const NodeGroupId group("grp-1");
  const auto condition = [&](std::size_t wave) {
    return admission_condition(group, admission_of(placed(members, *plan, "g"), wave));
  };
  EXPECT_EQ(condition(0),
            "tags.ferry.nodeGroup='grp-1' and (tags.ferry.ring < 10 or deviceId in ['c-id'])");
  EXPECT_EQ(condition(1),
            "tags.ferry.nodeGroup='grp-1' and (tags.ferry.ring < 20 or deviceId in ['c-id'])");
  EXPECT_EQ(condition(2), "tags.ferry.nodeGroup='grp-1' and (tags.ferry.ring < 2147483648)");
}

TEST(Waves, ThoseThatAddNothingAreLeftOut) {
  const std::vector<RolloutMember> members{member("a", "g", 1), member("b", "g", 2)};
  EXPECT_THAT(assign_waves(waves({"5%", "10%", "100%"}), members)->waves,
              ElementsAre("5%", "100%"));
  EXPECT_THAT(assign_waves(waves({"5%"}), {})->waves, ElementsAre());
  EXPECT_THAT(assign_waves(waves({}), members)->waves, ElementsAre("100%"));
}

TEST(Waves, AStrangerIsNoCanary) {
  const auto plan = assign_waves(waves({}, {"zz"}), {member("a", "g", 1)});
  EXPECT_EQ(plan.error().code, Code::invalid_argument);
  EXPECT_THAT(plan.error().message, HasSubstr("'zz'"));
}

TEST(Waves, ALabelThatNamesTooManyIsRefused) {
  std::vector<RolloutMember> members;
  for (int i = 0; i < 600; ++i) {
    members.push_back(member(fmt::format("n{}", i), "g", i, {{"site", i % 2 ? "lab" : "field"}}));
  }
  EXPECT_THAT(assign_waves(waves({"site=lab"}), members).error().message,
              HasSubstr("would name 300 nodes of group 'g'"));
  for (auto& one : members) one.labels["site"] = "lab";
  EXPECT_TRUE(assign_waves(waves({"site=lab"}), members)) << "a whole group needs no names";
}

TEST(Waves, RingsAreEvenAndStable) {
  EXPECT_EQ(ring_of(NodeId("node-abc")), ring_of(NodeId("node-abc")));
  int low = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto ring = ring_of(NodeId(fmt::format("node-{}", i)));
    EXPECT_GE(ring, 0);
    EXPECT_LT(ring, kRings);
    if (ring < kRings / 2) ++low;
  }
  EXPECT_NEAR(low, 500, 80);
}

}  // namespace
}  // namespace ferry::fleet
