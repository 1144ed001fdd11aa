// SPDX-License-Identifier: Apache-2.0
// The agent against a cloud in this process, over real TLS. There is no Docker Engine, which is
// honestly reported with status 500.
#include "agent/cloud_link.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"
#include "tests/agent/fake_cloud.hpp"
#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

using namespace std::chrono_literals;
using net::Task;

class CloudLinkTest : public testing::Test {
 protected:
  CloudLinkTest() : cloud_(loop_) {
    path_ = std::filesystem::temp_directory_path() / random_id("ferry-agent-test");
    directory_ = std::make_unique<DataDirectory>(DataDirectory::open(path_).value());
    cloud_.set_desired(desired_document("{}", 4));
  }
  ~CloudLinkTest() override {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  void start(std::chrono::seconds token_lifetime = 3600s) {
    stopped_ = false;
    SupervisorOptions options;
    options.device.instance = "test";
    options.program_version = "0.1.0";
    options.interval = 50ms;
    supervisor_ = std::make_unique<Supervisor>(
        loop_.executor(), *directory_, DockerEngine::create(path_.string() + "/none.sock").value(),
        clock_, std::move(options));
    ASSERT_TRUE(supervisor_->load());
    methods_ = std::make_unique<Methods>(*supervisor_, clock_);
    net::TlsClientOptions tls;
    tls.ca_pem = cloud_.ca_pem();
    tls.system_roots = false;
    tls.identity = net::TlsIdentity{cloud_.registration().chain_pem, cloud_.device_key()};
    CloudLinkOptions link;
    link.registration = cloud_.registration();
    link.tls = net::TlsClientContext::create(tls).value();
    link.mqtt_port = cloud_.mqtt_port();
    link.token_lifetime = token_lifetime;
    link_ = std::make_unique<CloudLink>(loop_.executor(), *directory_, *supervisor_, *methods_,
                                        clock_, std::move(link));
    supervisor_->on_change([this] { link_->report_soon(); });
    loop_.spawn(supervisor_->run());
    loop_.spawn(link_->run());
  }

  // Runs the loop until `condition` holds; false after ten seconds.
  bool eventually(std::function<bool()> condition) {
    return loop_.run_until_done(wait_for(std::move(condition)));
  }
  static Task<bool> wait_for(std::function<bool()> condition) {
    for (int i = 0; i < 1000; ++i) {
      const bool holds = condition();
      if (holds) co_return true;
      co_await net::sleep_for(10ms);
    }
    co_return false;
  }
  bool reports(std::int64_t version, int code) {
    return eventually([&] {
      const json::value whole = cloud_.reported;
      const auto* status = find_path(whole, "lastDesiredStatus.code");
      return int_or(cloud_.reported, "lastDesiredVersion", -1) == version && status &&
             *status == code;
    });
  }
  static Task<bool> stop_all(Supervisor& supervisor, CloudLink& link) {
    supervisor.stop();
    co_await supervisor.wait_idle();
    supervisor.declare_not_running();
    co_await link.stop();
    co_await net::sleep_for(100ms);  // lets both run() come to their ends
    co_return true;
  }
  void TearDown() override {
    if (link_ && !stopped_) loop_.run_until_done(stop_all(*supervisor_, *link_));
    stopped_ = true;
  }

  net::EventLoop loop_;
  FakeCloud cloud_;
  SystemClock clock_;
  std::filesystem::path path_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Methods> methods_;
  std::unique_ptr<CloudLink> link_;
  bool stopped_ = false;
};

TEST_F(CloudLinkTest, ChangesItsCertificateWithoutAnotherKeyAtTheHub) {
  start();
  ASSERT_TRUE(reports(4, 500));
  ASSERT_EQ(cloud_.logins, 1);
  net::TlsClientOptions tls;
  tls.ca_pem = cloud_.ca_pem();
  tls.identity = net::TlsIdentity{cloud_.registration().chain_pem, cloud_.device_key()};
  const auto context = net::TlsClientContext::create(tls).value();
  const auto tried = loop_.run_until_done(link_->try_identity(cloud_.registration(), context));
  ASSERT_TRUE(tried) << tried.error().describe();
  EXPECT_EQ(cloud_.registrations, 2);
  EXPECT_EQ(cloud_.keys_set, 1) << "the session in being goes on with it";
  EXPECT_EQ(cloud_.logins, 1);
  link_->use(cloud_.registration(), context);
  ASSERT_TRUE(eventually([&] { return cloud_.logins == 2; }));
  cloud_.push_desired({{"$version", 5}, {"schemaVersion", "2.0"}}, 5);
  ASSERT_TRUE(reports(5, 412));
}

TEST_F(CloudLinkTest, KeepsItsCertificateWhenTheCloudRefusesAnother) {
  start();
  ASSERT_TRUE(reports(4, 500));
  net::TlsClientOptions tls;
  tls.ca_pem = cloud_.ca_pem();
  const auto without = net::TlsClientContext::create(tls).value();
  Registration registration = cloud_.registration();
  registration.id_scope = "0ne0000none";
  EXPECT_FALSE(loop_.run_until_done(link_->try_identity(registration, without)));
  EXPECT_EQ(cloud_.logins, 1);
  cloud_.cut();
  ASSERT_TRUE(eventually([&] { return cloud_.logins == 2; }));
}

TEST_F(CloudLinkTest, GoesFromItsCertificateToAReportedState) {
  start();
  ASSERT_TRUE(reports(4, 500));
  EXPECT_EQ(cloud_.registrations, 1);
  EXPECT_EQ(cloud_.keys_set, 1);
  EXPECT_EQ(cloud_.last_user_name, "hub.localhost/node-1/$edgeAgent/?api-version=2021-04-12");
  EXPECT_EQ(cloud_.presented_names, std::vector<std::string>({"node-1"}));
  EXPECT_TRUE(directory_->load_desired().value());
  const auto assignment = directory_->load_assignment().value();
  ASSERT_TRUE(assignment);
  EXPECT_TRUE(assignment->key_is_set);
}

TEST_F(CloudLinkTest, StartsFromItsKeptAssignmentWithoutProvisioning) {
  start();
  ASSERT_TRUE(reports(4, 500));
  TearDown();
  start();
  ASSERT_TRUE(eventually([&] { return cloud_.logins == 2; }));
  ASSERT_TRUE(reports(4, 500));
  EXPECT_EQ(cloud_.registrations, 1);
}

TEST_F(CloudLinkTest, ReportsOnlyDifferences) {
  start();
  ASSERT_TRUE(reports(4, 500));
  cloud_.patches.clear();
  cloud_.push_desired(
      {{"modules", {{"pump", {{"type", "docker"}, {"settings", {{"image", "a@sha256:1"}}}}}}}});
  ASSERT_TRUE(reports(5, 500));
  ASSERT_FALSE(cloud_.patches.empty());
  EXPECT_FALSE(cloud_.patches[0].contains("systemModules"));
  EXPECT_EQ(cloud_.reads, 1);
}

TEST_F(CloudLinkTest, ReadsTheWholeTwinWhenAPatchIsMissing) {
  start();
  ASSERT_TRUE(reports(4, 500));
  cloud_.push_desired({{"modules", json::object()}}, 9);
  ASSERT_TRUE(reports(9, 500));
  EXPECT_EQ(cloud_.reads, 2);
}

TEST_F(CloudLinkTest, RefusesAMalformedCompositionAndKeepsTheOneBefore) {
  start();
  ASSERT_TRUE(reports(4, 500));
  const std::string kept = read_file(path_ / "desired.json").value();
  cloud_.push_desired({{"modules", 5}});
  ASSERT_TRUE(reports(5, 400));
  cloud_.push_desired({{"schemaVersion", "2.0"}});
  ASSERT_TRUE(reports(6, 412));
  EXPECT_EQ(read_file(path_ / "desired.json").value(), kept);
  cloud_.push_desired({{"schemaVersion", "1.0"}, {"modules", json::object()}});
  ASSERT_TRUE(reports(7, 500));
}

TEST_F(CloudLinkTest, AnswersDirectMethods) {
  start();
  ASSERT_TRUE(reports(4, 500));
  cloud_.call_method("Ping", "null");
  ASSERT_TRUE(eventually([&] { return cloud_.method_replies.size() == 1; }));
  EXPECT_EQ(cloud_.method_replies[0], "200 null");
  cloud_.call_method("Dance", "{}");
  ASSERT_TRUE(eventually([&] { return cloud_.method_replies.size() == 2; }));
  EXPECT_TRUE(cloud_.method_replies[1].starts_with("400 "));
  EXPECT_NE(cloud_.method_replies[1].find("GetModuleLogs"), std::string::npos);
  cloud_.call_method("RestartModule", R"({"schemaVersion":"1.0","id":"nobody"})");
  ASSERT_TRUE(eventually([&] { return cloud_.method_replies.size() == 3; }));
  EXPECT_TRUE(cloud_.method_replies[2].starts_with("500 "));
  cloud_.call_method("RestartModule", "5");
  ASSERT_TRUE(eventually([&] { return cloud_.method_replies.size() == 4; }));
  EXPECT_TRUE(cloud_.method_replies[3].starts_with("400 "));
}

TEST_F(CloudLinkTest, ComesBackAfterTheConnectionWasLost) {
  start();
  ASSERT_TRUE(reports(4, 500));
  cloud_.set_desired(desired_document("{}", 5));
  cloud_.cut();
  ASSERT_TRUE(reports(5, 500));
  EXPECT_EQ(cloud_.logins, 2);
  EXPECT_EQ(cloud_.registrations, 1);
}

TEST_F(CloudLinkTest, ProvisionsAgainWhenTheHubRefusesIt) {
  start();
  ASSERT_TRUE(reports(4, 500));
  cloud_.refusals_to_come = 1;
  cloud_.cut();
  ASSERT_TRUE(eventually([&] { return cloud_.logins == 2; }));
  EXPECT_EQ(cloud_.registrations, 2);
  EXPECT_EQ(cloud_.keys_set, 2);
}

TEST_F(CloudLinkTest, RenewsItsTokenBeforeItEnds) {
  start(2s);
  ASSERT_TRUE(eventually([&] { return cloud_.logins >= 2; }));
  EXPECT_EQ(cloud_.registrations, 1);
}

TEST_F(CloudLinkTest, SaysAtTheEndThatNobodyWatchesTheModules) {
  start();
  ASSERT_TRUE(reports(4, 500));
  TearDown();
  EXPECT_TRUE(reports(4, 406));
}

}  // namespace
}  // namespace ferry::agent
