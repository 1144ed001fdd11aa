// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store.hpp"

namespace ferry::store {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

const Timestamp kNow = from_unix_seconds(1'790'000'000);
constexpr std::chrono::hours kDay{24};

class CertificatesTest : public testing::Test {
 protected:
  CertificatesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-store-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    store_ = *Store::open(directory_);
    EXPECT_TRUE(store_->organizations.insert({organization_, "default", kNow}));
    fleet::CloudAccount account;
    account.id = fleet::CloudAccountId("acct-1");
    account.organization = organization_;
    EXPECT_TRUE(store_->accounts.insert(account));
    fleet::Workspace workspace;
    workspace.id = workspace_;
    workspace.organization = organization_;
    workspace.cloud_account = account.id;
    EXPECT_TRUE(store_->workspaces.insert(workspace));
  }
  ~CertificatesTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void put(const std::string& id, const std::string& owner, const std::string& use,
           std::optional<std::string> issuer, int days,
           CertificateState state = CertificateState::active) {
    CertificateRecord record{.id = id,
                             .organization = organization_,
                             .workspace = {},
                             .owner = owner,
                             .use = use,
                             .subject = id,
                             .issuer = issuer.value_or(id),
                             .not_before = kNow,
                             .not_after = kNow + days * kDay,
                             .thumbprint = "thumb-" + id,
                             .pem = "PEM",
                             .issuer_id = issuer,
                             .serial = "0A",
                             .spki = "spki-" + id,
                             .state = state,
                             .revoked_at = {},
                             .revocation_reason = {}};
    if (use != "organization-root") record.workspace = workspace_.str();
    ASSERT_TRUE(store_->certificates.insert(record));
  }
  void put_two_generations() {
    put("root", "org-1", "organization-root", {}, 7000);
    put("ws", "ws-1", "workspace-ca", "root", 3000);
    put("old", "grp-1", "group-ca", "ws", 90, CertificateState::retiring);
    put("new", "grp-1", "group-ca", "ws", 1800);
    put("a-1", "node-a", "node", "old", 50);
    put("b-1", "node-b", "node", "old", 60);
    put("a-2", "node-a", "node", "new", 365);
  }

  std::filesystem::path directory_;
  std::unique_ptr<Store> store_;
  fleet::OrganizationId organization_{"org-1"};
  fleet::WorkspaceId workspace_{"ws-1"};
};

TEST_F(CertificatesTest, TheAuthorityThatIssuesIsTheActiveOne) {
  put_two_generations();
  EXPECT_EQ((*store_->certificates.find_authority("grp-1"))->id, "new");
  ASSERT_TRUE(store_->certificates.set_state("new", CertificateState::next));
  EXPECT_FALSE(store_->certificates.find_authority("grp-1")->has_value());
  EXPECT_THAT(*store_->certificates.list_authorities("grp-1"), SizeIs(2));
  EXPECT_EQ((*store_->certificates.find_by_thumbprint("thumb-old"))->state,
            CertificateState::retiring);
}

TEST_F(CertificatesTest, ANodeCountsWhereItsNewestCertificateIs) {
  put_two_generations();
  EXPECT_EQ(*store_->certificates.count_nodes_under("old", kNow), 1);
  EXPECT_THAT(*store_->certificates.nodes_by_issuer(workspace_, kNow),
              ElementsAre(Pair("new", 1), Pair("old", 1)));
  EXPECT_EQ(store_->certificates.list_nodes_under("old", kNow, 10)->front().owner, "node-b");
  EXPECT_EQ(*store_->certificates.count_nodes_under("old", kNow + 61 * kDay), 0) << "expired";
  ASSERT_TRUE(store_->certificates.revoke("b-1", kNow, "lost"));
  EXPECT_EQ(*store_->certificates.count_nodes_under("old", kNow), 0) << "revoked";
}

TEST_F(CertificatesTest, TheFirstRevocationStandsUntilItIsTakenBack) {
  put_two_generations();
  ASSERT_TRUE(store_->certificates.revoke("b-1", kNow, "lost"));
  ASSERT_TRUE(store_->certificates.revoke("b-1", kNow + kDay, "stolen"));
  auto record = *store_->certificates.find_by_id("b-1");
  EXPECT_EQ(record->revoked_at, kNow);
  EXPECT_EQ(record->revocation_reason, "lost");
  ASSERT_TRUE(store_->certificates.reinstate("b-1"));
  EXPECT_FALSE((*store_->certificates.find_by_id("b-1"))->revoked_at);
}

TEST_F(CertificatesTest, TheRadarSeesWhatIsInUse) {
  put_two_generations();
  const auto ids = [&](int days) {
    std::vector<std::string> found;
    const auto records =
        store_->certificates.expiring(organization_, workspace_.str(), kNow + days * kDay, 10);
    for (const auto& record : *records) found.push_back(record.id);
    return found;
  };
  EXPECT_THAT(ids(100), ElementsAre("b-1", "old")) << "a-1 has been renewed";
  ASSERT_TRUE(store_->certificates.set_state("old", CertificateState::retired));
  EXPECT_THAT(ids(400), ElementsAre("b-1", "a-2"));
}

TEST_F(CertificatesTest, PagesHoldEachNodeOnce) {
  put("root", "org-1", "organization-root", {}, 7000);
  for (int i = 0; i < 5; ++i) put(fmt::format("n-{}", i), "node", "node", "root", 365);
  std::vector<std::string> seen;
  std::int64_t from = 0;
  while (true) {
    auto page = store_->certificates.list(organization_, workspace_, 2, from);
    ASSERT_TRUE(page);
    for (const auto& record : page->records) seen.push_back(record.id);
    if (!page->next) break;
    from = *page->next;
  }
  EXPECT_THAT(seen, ElementsAre("root", "n-0", "n-1", "n-2", "n-3", "n-4"));
}

}  // namespace
}  // namespace ferry::store
