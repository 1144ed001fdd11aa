// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.hpp"

namespace ferry::store {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const Timestamp kNow = from_unix_seconds(1'790'000'000);

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-store-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    reopen();
  }
  ~StoreTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  void reopen() {
    store_.reset();
    auto opened = Store::open(directory_);
    ASSERT_TRUE(opened) << opened.error().describe();
    store_ = *std::move(opened);
  }

  // An organization with an account, a workspace and a group.
  void populate() {
    ASSERT_TRUE(store_->organizations.insert({organization_, "default", kNow}));
    fleet::CloudAccount account{
        .id = fleet::CloudAccountId("acct-1"),
        .organization = organization_,
        .name = "drydock",
        .environment = {.name = "Drydock",
                        .resource_manager = "https://rm",
                        .suffixes = {.storage = "core.x", .iot_hub = "h.x"}},
        .ca_pem = "PEM",
        .tenant_id = "t",
        .subscription_id = "s",
        .client_id = "c",
        .created_at = kNow};
    ASSERT_TRUE(store_->accounts.insert(account));
    fleet::Workspace workspace;
    workspace.id = workspace_;
    workspace.organization = organization_;
    workspace.cloud_account = account.id;
    workspace.name = "plant-a";
    workspace.location = "westeurope";
    workspace.created_at = kNow;
    ASSERT_TRUE(store_->workspaces.insert(workspace));
    fleet::NodeGroup group{
        .id = group_, .workspace = workspace_, .name = "line-1", .created_at = kNow};
    ASSERT_TRUE(store_->groups.insert(group));
  }

  fleet::Node make_node(const std::string& name) {
    return {.id = fleet::NodeId("node-" + name),
            .workspace = workspace_,
            .group = group_,
            .name = name,
            .registration_id = name + "-1",
            .registered_at = {},
            .created_at = kNow};
  }

  std::filesystem::path directory_;
  std::unique_ptr<Store> store_;
  const fleet::OrganizationId organization_{"org-1"};
  const fleet::WorkspaceId workspace_{"ws-1"};
  const fleet::NodeGroupId group_{"grp-1"};
};

TEST_F(StoreTest, KeepsItsFilesToItself) {
  for (const auto* name : {"ferry.db", "master.key"}) {
    struct stat status{};
    ASSERT_EQ(::stat((directory_ / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(StoreTest, EverythingIsStillThereAfterOpeningAgain) {
  populate();
  reopen();
  auto account = store_->accounts.find_named(organization_, "drydock");
  ASSERT_TRUE(account && *account);
  EXPECT_EQ((*account)->environment.resource_manager, "https://rm");
  EXPECT_EQ((*account)->environment.suffixes.storage, "core.x");
  EXPECT_EQ((*account)->environment.suffixes.iot_hub, "h.x");
  auto workspace = store_->workspaces.find_named(organization_, "ws-1");
  ASSERT_TRUE(workspace && *workspace) << "ids work as names";
  EXPECT_EQ((*workspace)->name, "plant-a");
  EXPECT_EQ((*workspace)->created_at, kNow);
  (*workspace)->state = fleet::LifeState::ready;
  (*workspace)->hub_host = "hub";
  ASSERT_TRUE(store_->workspaces.update(**workspace));
  reopen();
  workspace = store_->workspaces.find(workspace_);
  EXPECT_EQ((*workspace)->state, fleet::LifeState::ready);
  EXPECT_EQ((*workspace)->hub_host, "hub");
}

TEST_F(StoreTest, WhatWasNotCommittedNeverHappened) {
  populate();
  {
    auto transaction = store_->begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(store_->nodes.insert(make_node("a")));
  }
  EXPECT_THAT(*store_->nodes.list(workspace_), SizeIs(0));
  {
    auto transaction = store_->begin();
    ASSERT_TRUE(store_->nodes.insert(make_node("a")));
    ASSERT_TRUE(transaction->commit());
  }
  reopen();
  EXPECT_THAT(*store_->nodes.list(workspace_), SizeIs(1));
}

TEST_F(StoreTest, NamesAreTakenOnce) {
  populate();
  ASSERT_TRUE(store_->nodes.insert(make_node("a")));
  auto again = make_node("a");
  again.id = fleet::NodeId("node-other");
  again.registration_id = "other";
  EXPECT_EQ(store_->nodes.insert(again).error().code, Code::conflict);
  EXPECT_EQ(store_->accounts.remove(fleet::CloudAccountId("acct-1")).error().code, Code::conflict);
}

TEST_F(StoreTest, SecretsAreSealedAndBoundToTheirPlace) {
  ASSERT_TRUE(store_->secrets.put("ws-1", "key", Secret("correct horse")));
  reopen();
  EXPECT_EQ((*store_->secrets.get("ws-1", "key"))->reveal(), "correct horse");
  EXPECT_FALSE(*store_->secrets.get("ws-1", "other"));
  EXPECT_FALSE(*store_->secrets.get("ws-2", "key"));
  store_.reset();

  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_EQ(read_file(entry.path())->find("correct horse"), std::string::npos) << entry.path();
  }
  auto database = sqlite::Database::open(directory_ / "ferry.db", {});
  EXPECT_FALSE(database) << "a database is not opened by a program that knows less of it";

  ASSERT_EQ(::system(fmt::format("cp {0}/master.key {0}/kept && "
                                 "head -c 32 /dev/zero > {0}/master.key",
                                 directory_.string())
                         .c_str()),
            0);
  const auto refused = Store::open(directory_);
  ASSERT_FALSE(refused) << "another key opens nothing";
  EXPECT_EQ(refused.error().code, Code::permission_denied);
}

TEST_F(StoreTest, AMasterKeyThatOthersMayReadIsRefused) {
  store_.reset();
  ::chmod((directory_ / "master.key").c_str(), 0644);
  const auto opened = Store::open(directory_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::permission_denied);
  ASSERT_TRUE(write_file_atomically(directory_ / "master.key", "short", 0600));
  EXPECT_EQ(Store::open(directory_).error().code, Code::internal);
}

TEST_F(StoreTest, ATokenIsUsedByExactlyOne) {
  populate();
  const auto node = make_node("a");
  ASSERT_TRUE(store_->nodes.insert(node));
  ASSERT_TRUE(store_->nodes.put_token({node.id, "h1", kNow, {}}));
  ASSERT_TRUE(store_->nodes.insert_session({"s1", node.id, "h1", kNow}));
  EXPECT_TRUE(*store_->nodes.use_token(node.id, "h1", kNow));
  EXPECT_FALSE(*store_->nodes.use_token(node.id, "h1", kNow));
  ASSERT_TRUE(store_->nodes.put_token({node.id, "h2", kNow, {}}));
  EXPECT_FALSE(*store_->nodes.find_session("s1")) << "a new token ends the sessions of the old one";
  EXPECT_FALSE(*store_->nodes.find_token("h1"));
  EXPECT_FALSE(*store_->nodes.use_token(node.id, "h1", kNow));
  EXPECT_TRUE(*store_->nodes.use_token(node.id, "h2", kNow));
}

TEST_F(StoreTest, CompositionsKeepTheirModulesAndFlags) {
  populate();
  const std::vector<CompositionModule> modules{{"a", "1.0.0", "r/a@sha256:1"}};
  ASSERT_TRUE(store_->compositions.insert({group_, 1, {}, "grp-1-1", true, false, kNow}));
  CompositionRecord second{group_, 2, modules, "grp-1-2", false, true, kNow};
  ASSERT_TRUE(store_->compositions.insert(second));
  EXPECT_EQ(*store_->compositions.count_in_hub(workspace_), 1);
  second.stood = true;
  ASSERT_TRUE(store_->compositions.update_flags(second));
  reopen();
  const auto records = store_->compositions.list(group_);
  ASSERT_THAT(*records, SizeIs(2));
  EXPECT_EQ(records->front().version, 2);
  EXPECT_EQ(records->front().modules, modules);
  EXPECT_TRUE(records->front().stood);
}

TEST_F(StoreTest, VersionsComeWithTheirFilesNewestFirst) {
  populate();
  fleet::ComponentVersion version;
  version.id = fleet::VersionId("ver-1");
  version.workspace = workspace_;
  version.component = "sampler";
  version.version = "1.0.0";
  version.created_at = kNow;
  ASSERT_TRUE(store_->components.insert(version));
  ASSERT_TRUE(store_->components.put_file(version.id, {"b", 2, "ff", 0755}));
  ASSERT_TRUE(store_->components.put_file(version.id, {"a", 1, "aa", 0644}));
  ASSERT_TRUE(store_->components.put_file(version.id, {"a", 3, "bb", 0644}));
  version.id = fleet::VersionId("ver-2");
  version.version = "1.1.0";
  ASSERT_TRUE(store_->components.insert(version));
  const auto found = store_->components.list(workspace_, "sampler");
  ASSERT_THAT(*found, SizeIs(2));
  EXPECT_EQ(found->at(0).version, "1.1.0");
  ASSERT_THAT(found->at(1).files, SizeIs(2));
  EXPECT_EQ(found->at(1).files[0].size, 3);
  EXPECT_EQ(found->at(1).files[1].mode, 0755U);
}

TEST_F(StoreTest, ADeploymentsRevisionsOutliveIt) {
  populate();
  fleet::Deployment deployment{
      fleet::DeploymentId("dep-1"), "base", 1, {{"a", "1.0.0"}}, {"line-1"}, kNow};
  ASSERT_TRUE(store_->deployments.put(workspace_, deployment, kNow));
  deployment.revision = 2;
  deployment.components = {{"a", "1.1.0"}};
  ASSERT_TRUE(store_->deployments.put(workspace_, deployment, kNow));
  EXPECT_FALSE(store_->deployments.put(workspace_, deployment, kNow)) << "a revision is used once";
  const auto found = store_->deployments.find_named(workspace_, "base");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->revision, 2);
  EXPECT_THAT((*found)->components, ElementsAre(fleet::ComponentRef{"a", "1.1.0"}));
  EXPECT_THAT((*found)->groups, ElementsAre("line-1"));
  ASSERT_TRUE(store_->deployments.remove(deployment.id));
  EXPECT_THAT(*store_->deployments.list(workspace_), SizeIs(0));
}

TEST_F(StoreTest, AnOperationKeepsItsStepsAndTheReasonOfItsFailure) {
  Operation operation;
  operation.id = fleet::OperationId("op-1");
  operation.kind = "workspace.create";
  operation.subject = "ws-1";
  operation.input = "{}";
  operation.created_at = kNow;
  operation.steps = {{.name = "one"}, {.name = "two"}};
  ASSERT_TRUE(store_->operations.insert(operation));
  operation.steps[1].status = fleet::RunState::failed;
  operation.steps[1].detail = "why";
  operation.steps[1].started_at = kNow;
  ASSERT_TRUE(store_->operations.update_step(operation, 1));
  EXPECT_THAT(*store_->operations.unfinished(), SizeIs(1));
  operation.status = fleet::RunState::failed;
  operation.error = Error{Code::unavailable, "no answer", "try again", {"inner", "outer"}};
  operation.finished_at = kNow;
  ASSERT_TRUE(store_->operations.update(operation));
  reopen();
  EXPECT_THAT(*store_->operations.unfinished(), SizeIs(0));
  const auto found = store_->operations.find_newest("ws-1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->steps[1].detail, "why");
  EXPECT_EQ((*found)->error->code, Code::unavailable);
  EXPECT_EQ((*found)->error->describe(), "outer: inner: no answer (try again)");
}

TEST_F(StoreTest, AWorkspaceTakesWhatBelongsToItAlong) {
  populate();
  ASSERT_TRUE(store_->nodes.insert(make_node("a")));
  ASSERT_TRUE(store_->workspaces.remove(workspace_));
  EXPECT_FALSE(*store_->groups.find(group_));
  EXPECT_FALSE(*store_->nodes.find(fleet::NodeId("node-a")));
}

}  // namespace
}  // namespace ferry::store
