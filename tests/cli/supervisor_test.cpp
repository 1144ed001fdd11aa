// SPDX-License-Identifier: Apache-2.0
#include "cli/supervisor.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "tests/cli/scratch.hpp"

namespace ferry::cli {
namespace {

using namespace std::chrono_literals;
using net::Task;

constexpr Supervisor::Timing kQuick{10ms, 40ms, 60s, 300ms};

ProgramCall shell(std::string script, const std::filesystem::path& log) {
  ProgramCall call;
  call.program = "/bin/sh";
  call.arguments = {"-c", std::move(script)};
  call.log = log;
  return call;
}

std::size_t lines_in(const std::filesystem::path& path) {
  const auto text = read_file(path).value_or("");
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

// Runs `script` under a supervisor until its log has `lines` lines, then stops it.
Task<int> run_until_lines(net::EventLoop& loop, std::string script, std::filesystem::path log,
                          std::size_t lines, std::vector<std::string>& reports) {
  Supervisor supervisor(loop, kQuick, [&](const std::string& line) { reports.push_back(line); });
  auto started = supervisor.start("child", shell(std::move(script), log));
  if (!started) co_return -1;
  for (int i = 0; i < 500 && lines_in(log) < lines; ++i) co_await net::sleep_for(20ms);
  co_await supervisor.stop();
  co_return static_cast<int>(supervisor.times_ended("child"));
}

TEST(Supervisor, StartsAChildAgainThatEnds) {
  Scratch scratch;
  const auto log = scratch.path() / "log";
  std::vector<std::string> reports;
  net::EventLoop loop;
  const int ended = loop.run_until_done(run_until_lines(loop, "echo $$; exit 3", log, 3, reports));
  EXPECT_GE(ended, 2);
  EXPECT_GE(lines_in(log), 3U);
  ASSERT_FALSE(reports.empty());
  EXPECT_NE(reports.front().find("child ended with exit code 3"), std::string::npos);
}

TEST(Supervisor, StopLeavesNoProcessBehindEvenOneThatIgnoresTheRequest) {
  for (const char* script :
       {"echo $$; exec sleep 600", "trap '' TERM; echo $$; while :; do sleep 0.1; done"}) {
    Scratch scratch;
    const auto log = scratch.path() / "log";
    std::vector<std::string> reports;
    net::EventLoop loop;
    EXPECT_EQ(loop.run_until_done(run_until_lines(loop, script, log, 1, reports)), 0);
    const auto pid = std::atoi(read_file(log).value().c_str());
    ASSERT_GT(pid, 0);
    EXPECT_FALSE(alive(pid)) << script;
  }
}

TEST(Supervisor, AMissingProgramIsAnErrorAtOnce) {
  net::EventLoop loop;
  Supervisor supervisor(loop, kQuick, [](const std::string&) {});
  ProgramCall call;
  call.program = "/nowhere/ferryd";
  const auto started = supervisor.start("ferryd", call);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::not_found);
}

TEST(ChildProcess, DiesWithTheProcessThatStartedIt) {
  Scratch scratch;
  const auto log = scratch.path() / "log";
  const pid_t starter = ::fork();
  if (starter == 0) {
    const auto child = start_program(shell("echo $$; exec sleep 600", log));
    for (int i = 0; i < 200 && lines_in(log) == 0; ++i) ::usleep(10'000);
    ::_exit(child ? 0 : 1);  // without stopping it
  }
  ASSERT_TRUE(wait_for_end(starter).success());
  const auto pid = std::atoi(read_file(log).value().c_str());
  ASSERT_GT(pid, 0);
  for (int i = 0; i < 200 && alive(pid); ++i) ::usleep(10'000);
  // Its new parent may not have reaped it: a zombie is dead enough.
  const auto status = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("Z");
  EXPECT_TRUE(!alive(pid) || status.find(") Z") != std::string::npos);
}

TEST(ChildProcess, GetsItsEnvironmentAndDirectory) {
  Scratch scratch;
  auto call = shell("echo \"$GREETING $PWD\"", scratch.path() / "log");
  call.environment = {{"GREETING", "hello"}};
  call.directory = scratch.path();
  const auto child = start_program(call);
  ASSERT_TRUE(child);
  EXPECT_TRUE(wait_for_end(*child).success());
  EXPECT_EQ(read_file(scratch.path() / "log").value(), "hello " + scratch.path().string() + "\n");
}

TEST(ChildProcess, SaysHowItEnded) {
  Scratch scratch;
  const auto killed = start_program(shell("kill -9 $$", scratch.path() / "log"));
  ASSERT_TRUE(killed);
  EXPECT_EQ(wait_for_end(*killed).describe(), "signal 9");
}

}  // namespace
}  // namespace ferry::cli
