// SPDX-License-Identifier: Apache-2.0
// Power is lost at every single step that registration and renewal take on the disk, once with what
// was not synced lost and once with it kept; the same command must then come to the same end, with
// the same node and one certificate in use. The device runs in a process of its own.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "agent/register.hpp"
#include "agent/renewer.hpp"
#include "base/id.hpp"
#include "tests/agent/ferry_fake.hpp"
#include "tests/lib/power_cut.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

using net::Task;
using std::chrono::hours;
using tests::PowerCut;

const SystemClock system_clock;

Result<void> prepare(const DataDirectory& directory, const std::string& ca_pem) {
  auto settings = load_or_make_settings(directory);
  if (!settings) return fail(std::move(settings).error());
  settings->server_ca_pem = ca_pem;
  return directory.save(*settings);
}

Result<void> register_in(const std::filesystem::path& path, const FerryFake& ferry) {
  net::EventLoop loop;
  auto directory = DataDirectory::open(path);
  if (!directory) return fail(std::move(directory).error());
  if (auto prepared = prepare(*directory, ferry.ca_pem()); !prepared) return prepared;
  net::HttpClientOptions http_options;
  http_options.tls = *ferry_tls(*load_or_make_settings(*directory), nullptr, nullptr);
  net::HttpClient http(std::move(http_options));
  RegisterOptions options;
  options.server = ferry.url();
  options.token = [] { return Result<Secret>(Secret("token-1")); };
  options.hardware_id = "serial-1";
  options.wait = false;
  auto outcome = loop.run_until_done(register_device(*directory, http, options));
  if (!outcome && outcome.error().code == Code::unavailable) {  // approved meanwhile
    outcome = loop.run_until_done(register_device(*directory, http, std::move(options)));
  }
  if (!outcome) return fail(std::move(outcome).error());
  return {};
}

// The cloud is a file with the thumbprint that the hub knows.
Task<Result<void>> show_to_cloud(std::filesystem::path file, Identity identity) {
  const auto leaf = x509::parse_chain(identity.registration.chain_pem).value().front();
  FILE* out = std::fopen(file.c_str(), "w");  // not by base/file: it is another machine
  std::fputs(leaf.sha256_thumbprint().c_str(), out);
  std::fclose(out);
  co_return Result<void>();
}

Result<void> renew_in(const std::filesystem::path& path) {
  net::EventLoop loop;
  auto directory = DataDirectory::open(path);
  if (!directory) return fail(std::move(directory).error());
  RenewerOptions options;
  options.try_identity = [&](Identity identity) {
    return show_to_cloud(path / "cloud", std::move(identity));
  };
  auto clock = std::make_shared<DeviceTime>(system_clock);
  auto renewer = Renewer::create(loop.executor(), *directory, clock, std::move(options));
  if (!renewer) return fail(std::move(renewer).error());
  auto until = loop.run_until_done((*renewer)->run_once());
  if (!until) return fail(std::move(until).error());
  return {};
}

class PowerCutTest : public testing::TestWithParam<bool> {
 protected:
  PowerCutTest() : path_(std::filesystem::temp_directory_path() / random_id("ferry-agent-test")) {}
  ~PowerCutTest() override { clear(); }
  void clear() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  // In a process of its own that loses power at step `cut` (0: never), while this one is Ferry.
  int run(net::EventLoop& loop, int cut, const std::function<Result<void>()>& device) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (cut > 0) PowerCut::arm(cut, GetParam());
      const auto done = device();
      if (!done) fmt::print(stderr, "{}\n", done.error().describe());
      ::_exit(done ? 0 : 1);
    }
    return loop.run_until_done(wait_for(child));
  }
  static Task<int> wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
      co_await net::sleep_for(std::chrono::milliseconds(2));
    }
    co_return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string in_use() const {
    const auto directory = DataDirectory::open_read_only(path_).value();
    const auto identity = identity_in_use(directory).value();
    if (!identity) return "none";
    return x509::parse_chain(identity->registration.chain_pem).value().front().sha256_thumbprint();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  void expect_only_whole_files() const {
    for (const auto& name : files()) {
      EXPECT_TRUE(name.ends_with(".json") || name.ends_with(".pem") || name == "lock" ||
                  name == "cloud")
          << name;
    }
  }

  std::filesystem::path path_;
};

TEST_P(PowerCutTest, RegistrationGoesOnFromEveryStep) {
  int cuts = 0;
  for (int cut = 1; cut < 1000; ++cut) {
    clear();
    net::EventLoop loop;
    FerryFake ferry(loop);
    ferry.approvals_missing = cut % 2;
    const auto device = [&] { return register_in(path_, ferry); };
    const int code = run(loop, cut, device);
    if (code == 0) break;
    ++cuts;
    ASSERT_EQ(code, PowerCut::kExitCode) << "at step " << cut;
    ASSERT_EQ(run(loop, 0, device), 0) << "after a cut at step " << cut;
    ASSERT_EQ(ferry.issued.size(), 1u) << "after a cut at step " << cut;
    EXPECT_EQ(in_use(), ferry.issued.back());
    expect_only_whole_files();
    EXPECT_FALSE(std::filesystem::exists(path_ / "session.json"));
    EXPECT_FALSE(std::filesystem::exists(path_ / "pending.json"));
    ASSERT_EQ(run(loop, 0, device), 0);
    EXPECT_EQ(ferry.issued.size(), 1u);
  }
  EXPECT_GT(cuts, 20);
}

TEST_P(PowerCutTest, RenewalGoesOnFromEveryStep) {
  int cuts = 0;
  for (int cut = 1; cut < 1000; ++cut) {
    clear();
    net::EventLoop loop;
    FerryFake ferry(loop);
    ferry.age = hours(60);
    ferry.left = hours(40);
    ferry.renew_after = SystemClock().now() - hours(1);
    ASSERT_EQ(run(loop, 0, [&] { return register_in(path_, ferry); }), 0);
    ferry.age = hours(1);
    ferry.left = hours(100);
    ferry.renew_after.reset();
    const auto device = [&] { return renew_in(path_); };
    const int code = run(loop, cut, device);
    const bool complete = code == 0;
    if (!complete) ASSERT_EQ(code, PowerCut::kExitCode) << "at step " << cut;
    EXPECT_NE(in_use(), "none") << "after a cut at step " << cut;
    ASSERT_EQ(run(loop, 0, device), 0) << "after a cut at step " << cut;
    ASSERT_EQ(in_use(), ferry.issued.back()) << "after a cut at step " << cut;
    ASSERT_EQ(ferry.in_use, in_use()) << "after a cut at step " << cut;
    ASSERT_EQ(read_file(path_ / "cloud").value(), in_use()) << "after a cut at step " << cut;
    // A key that was lost before its request left is made again; no certificate was made for it.
    EXPECT_EQ(ferry.renewals, 1) << "after a cut at step " << cut;
    EXPECT_FALSE(std::filesystem::exists(path_ / "next.key.pem"));
    EXPECT_FALSE(std::filesystem::exists(path_ / "next.registration.json"));
    expect_only_whole_files();
    if (complete) break;
    ++cuts;
  }
  EXPECT_GT(cuts, 15);
}

INSTANTIATE_TEST_SUITE_P(Unsynced, PowerCutTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Lost" : "Kept"; });

}  // namespace
}  // namespace ferry::agent
