// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using std::chrono::milliseconds;

TEST(Process, GivesOutputErrorsAndExitCode) {
  auto output = run_process({"sh", "-c", "echo out; echo err >&2; exit 3"}, milliseconds(10'000));
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
  EXPECT_EQ(output->exit_code, 3);
}

TEST(Process, ReadsBothStreamsAtOnce) {
  auto output = run_process({"sh", "-c", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero"},
                            milliseconds(10'000));
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_EQ(output->out.size(), 300'000u);
  EXPECT_EQ(output->err.size(), 300'000u);
}

TEST(Process, EndsWhatTakesTooLongWithItsChildren) {
  const auto began = std::chrono::steady_clock::now();
  auto output = run_process({"sh", "-c", "sleep 30 & sleep 30"}, milliseconds(200));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::deadline_exceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(Process, RefusesEndlessOutput) {
  auto output = run_process({"cat", "/dev/zero"}, milliseconds(10'000));
  EXPECT_FALSE(output) << "standard input was read";
  output = run_process({"sh", "-c", "cat"}, milliseconds(10'000));
  ASSERT_TRUE(output) << "standard input is empty";
}

TEST(Process, SaysThatThereIsNoSuchProgram) {
  auto output = run_process({"ferry-no-such-program", "secret"}, milliseconds(1000));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::not_found);
  EXPECT_EQ(output.error().describe().find("secret"), std::string::npos);
}

TEST(Process, TellsSignalsFromExitCodes) {
  auto output = run_process({"sh", "-c", "kill -9 $$"}, milliseconds(10'000));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->exit_code, 128 + 9);
}

}  // namespace
}  // namespace ferry
