// SPDX-License-Identifier: Apache-2.0
// Renewal against a Ferry in this process, over mutual TLS; the cloud is a function of the test.
#include "agent/renewer.hpp"

#include <gtest/gtest.h>

#include "agent/register.hpp"
#include "base/id.hpp"
#include "tests/agent/ferry_fake.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

using net::Task;
using std::chrono::hours;
using std::chrono::minutes;

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return SystemClock().now() + offset; }
  std::chrono::milliseconds offset{0};
};

class RenewerTest : public testing::Test {
 protected:
  RenewerTest() : ferry_(loop_) {
    path_ = std::filesystem::temp_directory_path() / random_id("ferry-agent-test");
    directory_.emplace(DataDirectory::open(path_).value());
    AgentSettings settings = load_or_make_settings(*directory_).value();
    settings.server_ca_pem = ferry_.ca_pem();
    EXPECT_TRUE(directory_->save(settings));
    ferry_.age = hours(60);
    ferry_.left = hours(40);
    ferry_.renew_after = SystemClock().now() - hours(1);  // due
    register_once();
    ferry_.age = minutes(5);
    ferry_.left = hours(100);
    ferry_.renew_after.reset();
  }
  ~RenewerTest() override {
    directory_.reset();
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  void register_once() {
    const AgentSettings settings = load_or_make_settings(*directory_).value();
    net::HttpClientOptions http_options;
    http_options.tls = ferry_tls(settings, nullptr, nullptr).value();
    net::HttpClient http(std::move(http_options));
    RegisterOptions options;
    options.server = ferry_.url();
    options.token = [] { return Result<Secret>(Secret("token-1")); };
    const auto outcome =
        loop_.run_until_done(register_device(*directory_, http, std::move(options)));
    ASSERT_TRUE(outcome) << outcome.error().describe();
  }

  // What a new process would do.
  Result<Timestamp> run() {
    RenewerOptions options;
    options.try_identity = [this](Identity identity) { return try_identity(std::move(identity)); };
    options.adopted = [this](Identity identity) {
      adopted_.push_back(thumbprint(identity.registration));
      return Result<void>();
    };
    auto clock = std::make_shared<DeviceTime>(system_);
    auto renewer = Renewer::create(loop_.executor(), *directory_, clock, std::move(options));
    if (!renewer) return fail(std::move(renewer).error());
    auto until = loop_.run_until_done((*renewer)->run_once());
    memory_ = (*renewer)->renewal().memory();
    return until;
  }
  Task<Result<void>> try_identity(Identity identity) {
    ++tries_;
    EXPECT_EQ(in_use(), before_) << "the old one stays until the cloud has taken the new one";
    if (cloud_refuses_ > 0) {
      --cloud_refuses_;
      co_return fail(Code::permission_denied, "401002");
    }
    at_the_cloud_ = thumbprint(identity.registration);
    co_return Result<void>();
  }
  static std::string thumbprint(const Registration& registration) {
    return x509::parse_chain(registration.chain_pem).value().front().sha256_thumbprint();
  }
  std::string in_use() const {
    return thumbprint(identity_in_use(*directory_).value().value().registration);
  }
  // As if the pause after a failure were over.
  void forget_pause() {
    RenewalMemory memory = directory_->load_renewal().value();
    memory.retry_at.reset();
    ASSERT_TRUE(directory_->save(memory));
  }

  net::EventLoop loop_;
  FerryFake ferry_;
  FixedClock system_;
  std::filesystem::path path_;
  std::optional<DataDirectory> directory_;
  RenewalMemory memory_;
  std::string before_;
  std::string at_the_cloud_;
  std::vector<std::string> adopted_;
  int tries_ = 0;
  int cloud_refuses_ = 0;

  void SetUp() override { before_ = in_use(); }
};

TEST_F(RenewerTest, GetsAnotherCertificateForAnotherKeyAndSaysSo) {
  const auto until = run();
  ASSERT_TRUE(until) << until.error().describe();
  EXPECT_EQ(ferry_.renewals, 1);
  EXPECT_NE(in_use(), before_);
  EXPECT_EQ(in_use(), ferry_.issued.back());
  EXPECT_EQ(at_the_cloud_, in_use());
  EXPECT_EQ(adopted_, std::vector<std::string>{in_use()});
  EXPECT_EQ(ferry_.in_use, in_use()) << "Ferry knows that the old one is not used any more";
  EXPECT_NE(ferry_.keys[0], ferry_.keys[1]);
  EXPECT_FALSE(std::filesystem::exists(path_ / "next.key.pem"));
  ASSERT_TRUE(run());
  EXPECT_EQ(ferry_.renewals, 1) << "not due any more";
}

TEST_F(RenewerTest, KeepsTheKeyWhenToldTo) {
  AgentSettings settings = directory_->load_settings().value().value();
  settings.keep_key = true;
  ASSERT_TRUE(directory_->save(settings));
  ASSERT_TRUE(run());
  EXPECT_EQ(ferry_.keys[0], ferry_.keys[1]);
}

TEST_F(RenewerTest, AsksForTheSameKeyWhenTheAnswerWasLost) {
  ferry_.lose_answers = 1;
  EXPECT_FALSE(run());
  EXPECT_EQ(in_use(), before_);
  forget_pause();
  ASSERT_TRUE(run());
  EXPECT_EQ(ferry_.issued.size(), 2u) << "the same certificate again";
  EXPECT_EQ(in_use(), ferry_.issued.back());
}

TEST_F(RenewerTest, PausesAfterAFailureAlsoAcrossRestarts) {
  ferry_.away = true;
  EXPECT_FALSE(run());
  ferry_.away = false;
  ASSERT_TRUE(run());
  EXPECT_EQ(ferry_.renewals, 0);
  EXPECT_EQ(memory_.failures, 1);
}

TEST_F(RenewerTest, WaitsForAnApproval) {
  ferry_.approvals_missing = 1;
  ASSERT_TRUE(run());
  EXPECT_TRUE(memory_.awaits_approval);
  EXPECT_EQ(in_use(), before_);
  forget_pause();
  ASSERT_TRUE(run());
  EXPECT_FALSE(memory_.awaits_approval);
  EXPECT_EQ(in_use(), ferry_.issued.back());
}

TEST_F(RenewerTest, KeepsWhatItHasWhileFerrySaysNo) {
  ferry_.refuse_renewals = 1;
  const auto refused = run();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::permission_denied);
  EXPECT_NE(memory_.problem.find("revoked"), std::string::npos);
  EXPECT_EQ(in_use(), before_);
}

TEST_F(RenewerTest, KeepsTheOldOneWhileTheCloudRefusesTheNewOne) {
  cloud_refuses_ = 5;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(run());
    EXPECT_EQ(in_use(), before_);
    forget_pause();
  }
  EXPECT_EQ(tries_, 5);
  EXPECT_FALSE(std::filesystem::exists(path_ / "next.registration.json")) << "given up";
  ASSERT_TRUE(run());
  EXPECT_EQ(in_use(), ferry_.issued.back());
  EXPECT_EQ(ferry_.issued.size(), 3u);
}

TEST_F(RenewerTest, CompletesAnAdoptionThatWasCutInTheMiddle) {
  const auto identity = identity_in_use(*directory_).value().value();
  ASSERT_TRUE(directory_->save_candidate_key(identity.key_pem));
  ASSERT_TRUE(directory_->save_candidate(identity.registration));
  ASSERT_TRUE(rename_file(path_ / "next.key.pem", path_ / "device.key.pem"));
  ASSERT_TRUE(remove_file(path_ / "registration.json"));
  EXPECT_EQ(in_use(), before_) << "readers see it as adopted";
  directory_.reset();
  directory_.emplace(DataDirectory::open(path_).value());
  EXPECT_TRUE(std::filesystem::exists(path_ / "registration.json"));
  EXPECT_FALSE(std::filesystem::exists(path_ / "next.registration.json"));
}

TEST_F(RenewerTest, TakesTheTimeFromFerryWhenItsClockWasNeverSet) {
  system_.offset = -(SystemClock().now().time_since_epoch() - hours(1));
  const auto until = run();
  ASSERT_TRUE(until) << until.error().describe();
  EXPECT_EQ(in_use(), ferry_.issued.back());
  EXPECT_EQ(ferry_.renewals, 1);
}

TEST_F(RenewerTest, DoesNothingWhenItsClockWasNeverSetAndFerryIsAway) {
  system_.offset = -(SystemClock().now().time_since_epoch() - hours(1));
  ferry_.away = true;
  EXPECT_FALSE(run());
  EXPECT_EQ(in_use(), before_);
  EXPECT_EQ(ferry_.renewals, 0);
}

TEST_F(RenewerTest, SurvivesAClockThatIsFarAhead) {
  system_.offset = hours(24 * 365 * 70);
  EXPECT_FALSE(run());
  EXPECT_EQ(in_use(), before_);
  system_.offset = {};
  forget_pause();
  ASSERT_TRUE(run());
  EXPECT_EQ(in_use(), ferry_.issued.back());
}

TEST(DeviceTimeTest, MovesForwardOnlyAndOnlyWhenTheClockIsProvablyBehind) {
  ManualClock system(from_unix_seconds(100));
  DeviceTime time(system);
  EXPECT_FALSE(time.take_hint(from_unix_seconds(1'800'000'000)));
  time.not_before(from_unix_seconds(1'700'000'000));
  EXPECT_TRUE(time.provably_behind());
  EXPECT_FALSE(time.take_hint(from_unix_seconds(1'600'000'000)));
  EXPECT_TRUE(time.take_hint(from_unix_seconds(1'800'000'000)));
  EXPECT_FALSE(time.provably_behind());
  system.advance(std::chrono::seconds(5));
  EXPECT_EQ(time.now(), from_unix_seconds(1'800'000'005));
  system.advance(std::chrono::seconds(1'790'000'000));
  EXPECT_EQ(time.now(), system.now()) << "the clock has been set meanwhile";
}

}  // namespace
}  // namespace ferry::agent
