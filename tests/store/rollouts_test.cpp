// SPDX-License-Identifier: Apache-2.0
#include "store/rollouts.hpp"

#include <unistd.h>

#include <gmock/gmock.h>

#include "store/store.hpp"

namespace ferry::store {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

const Timestamp kNow = from_unix_seconds(1'790'000'000);

class RolloutStoreTest : public testing::Test {
 protected:
  RolloutStoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-store-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    auto opened = Store::open(directory_);
    EXPECT_TRUE(opened);
    store_ = *std::move(opened);
    const fleet::OrganizationId organization("org-1");
    EXPECT_TRUE(store_->organizations.insert({organization, "default", kNow}));
    fleet::CloudAccount account;
    account.id = fleet::CloudAccountId("acct-1");
    account.organization = organization;
    account.name = "drydock";
    EXPECT_TRUE(store_->accounts.insert(account));
    fleet::Workspace workspace;
    workspace.id = workspace_;
    workspace.organization = organization;
    workspace.cloud_account = account.id;
    workspace.name = "plant-a";
    EXPECT_TRUE(store_->workspaces.insert(workspace));
    for (const auto* id : {"grp-1", "grp-2"}) {
      fleet::NodeGroup group;
      group.id = fleet::NodeGroupId(id);
      group.workspace = workspace_;
      group.name = std::string("line-") + id;
      EXPECT_TRUE(store_->groups.insert(group));
    }
    node_.id = fleet::NodeId("node-1");
    node_.workspace = workspace_;
    node_.group = fleet::NodeGroupId("grp-1");
    node_.name = "pump-7";
    node_.registration_id = "pump-7-x";
    EXPECT_TRUE(store_->nodes.insert(node_));
  }
  ~RolloutStoreTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  RolloutRecord insert(const std::string& id) {
    RolloutRecord rollout;
    rollout.id = id;
    rollout.workspace = workspace_;
    rollout.plan = "plan-1";
    rollout.change = {{"base", {{"x", "1.1.0"}}, {"line-grp-1"}}};
    rollout.policy.waves.push_back(*fleet::parse_wave("5%"));
    rollout.policy.soak = std::chrono::seconds(90);
    rollout.actor = "ann";
    rollout.status.since = kNow;
    rollout.started_at = kNow;
    EXPECT_TRUE(store_->rollouts.insert(rollout, {{node_.group, "", 2, 1}}));
    return rollout;
  }

  const fleet::WorkspaceId workspace_{"ws-1"};
  std::filesystem::path directory_;
  std::unique_ptr<Store> store_;
  fleet::Node node_;
};

TEST_F(RolloutStoreTest, KeepsEverythingThatASecondLifeNeeds) {
  auto rollout = insert("rol-1");
  rollout.status = {fleet::RolloutState::paused,
                    1,
                    kNow + std::chrono::seconds(5),
                    fleet::RolloutState::soaking,
                    true,
                    {"line-grp-2"},
                    "paused by ann"};
  rollout.waves = {"5%", "100%"};
  rollout.recorded = true;
  rollout.trouble = "the cloud is away";
  ASSERT_TRUE(store_->rollouts.update(rollout));
  const auto read = *store_->rollouts.find(workspace_, "rol-1").value();
  EXPECT_EQ(read.status, rollout.status);
  EXPECT_EQ(read.policy, rollout.policy);
  EXPECT_EQ(read.change, rollout.change);
  EXPECT_EQ(read.waves, rollout.waves);
  EXPECT_EQ(read.trouble, rollout.trouble);
  EXPECT_TRUE(read.recorded);
  EXPECT_FALSE(read.finished_at);

  auto groups = *store_->rollouts.groups("rol-1");
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].name, "line-grp-1");
  EXPECT_EQ(groups[0].reached, RolloutGroup::kNothing);
  groups[0].reached = RolloutGroup::kEverybody;
  ASSERT_TRUE(store_->rollouts.set_reached("rol-1", groups[0]));
  EXPECT_EQ(store_->rollouts.groups("rol-1")->front().reached, RolloutGroup::kEverybody);

  ASSERT_TRUE(store_->rollouts.note("rol-1", kNow, "began"));
  ASSERT_TRUE(store_->rollouts.note("rol-1", kNow, "went on"));
  EXPECT_THAT(
      *store_->rollouts.events("rol-1"),
      ElementsAre(Field(&RolloutEvent::what, "began"), Field(&RolloutEvent::what, "went on")));
}

TEST_F(RolloutStoreTest, AGroupIsTakenUntilItsRolloutEnds) {
  auto rollout = insert("rol-1");
  EXPECT_EQ(*store_->rollouts.running_for(node_.group), "rol-1");
  EXPECT_FALSE(store_->rollouts.running_for(fleet::NodeGroupId("grp-2"))->has_value());
  EXPECT_THAT(*store_->rollouts.unfinished(), SizeIs(1));
  rollout.finished_at = kNow;
  ASSERT_TRUE(store_->rollouts.update(rollout));
  EXPECT_FALSE(store_->rollouts.running_for(node_.group)->has_value());
  EXPECT_THAT(*store_->rollouts.unfinished(), SizeIs(0));
  insert("rol-2");
  const auto all = *store_->rollouts.list(workspace_, 10);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].id, "rol-2") << "what goes on comes first";
}

TEST_F(RolloutStoreTest, NodesThatLeaveAreNoLongerAmongItsNodes) {
  insert("rol-1");
  RolloutNodeRecord node{node_.id, node_.group, "", "pump-7-x", 12, 1, {"y"}, {}, kNow, false};
  ASSERT_TRUE(store_->rollouts.insert_node("rol-1", node));
  node.finding = {fleet::NodeVerdict::unhealthy, "x is unwell"};
  node.forgiven = true;
  ASSERT_TRUE(store_->rollouts.set_finding("rol-1", node));
  auto nodes = *store_->rollouts.nodes("rol-1");
  ASSERT_THAT(nodes, SizeIs(1));
  EXPECT_EQ(nodes[0].name, "pump-7");
  EXPECT_EQ(nodes[0].finding, node.finding);
  EXPECT_EQ(nodes[0].bad_before, node.bad_before);
  EXPECT_EQ(nodes[0].ring, 12);
  EXPECT_TRUE(nodes[0].forgiven);
  ASSERT_TRUE(store_->rollouts.forget_node(node_.id));
  EXPECT_THAT(*store_->rollouts.nodes("rol-1"), SizeIs(0)) << "moved to another group";
  ASSERT_TRUE(store_->rollouts.insert_node("rol-1", node));
  ASSERT_TRUE(store_->nodes.remove(node_.id));
  EXPECT_THAT(*store_->rollouts.nodes("rol-1"), SizeIs(0)) << "gone";
}

}  // namespace
}  // namespace ferry::store
