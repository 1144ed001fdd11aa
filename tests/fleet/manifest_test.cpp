// SPDX-License-Identifier: Apache-2.0
#include "fleet/manifest.hpp"

#include <gtest/gtest.h>

namespace ferry::fleet {
namespace {

TEST(Manifest, ReadsEveryMember) {
  const auto manifest = parse_manifest(R"({
    "name": "sampler", "version": "1.2.0", "description": "load and temperature",
    "platforms": ["linux/amd64", "linux/arm64"], "base": "base/busybox:1.35",
    "files": [{"source": "bin/sampler", "target": "/app/sampler", "mode": "0755"}],
    "entrypoint": ["/app/sampler"], "cmd": ["--fast"],
    "env": {"RATE": 5, "NAME": "x", "DEBUG": true}, "workdir": "/app", "user": "1000:1000",
    "createOptions": {"HostConfig": {"Memory": 67108864}}, "restartPolicy": "on-failure",
    "startupOrder": 3, "labels": {"team": "line"}})");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->name, "sampler");
  EXPECT_EQ(manifest->version, "1.2.0");
  EXPECT_EQ(manifest->platforms.size(), 2U);
  EXPECT_EQ(manifest->base, "base/busybox:1.35");
  ASSERT_TRUE(manifest->files);
  EXPECT_EQ(manifest->files->at(0).target, "/app/sampler");
  EXPECT_EQ(manifest->files->at(0).mode, 0755U);
  EXPECT_EQ(manifest->env.at("RATE").as_int64(), 5);
  EXPECT_EQ(manifest->restart_policy, "on-failure");
  EXPECT_EQ(manifest->startup_order, 3U);
  EXPECT_EQ(manifest->labels.at("team"), "line");
}

TEST(Manifest, HasDefaultsForAllButNameVersionAndEntrypoint) {
  const auto manifest =
      parse_manifest(R"({"name": "a", "version": "1.0.0", "entrypoint": ["/app/a"]})");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->base, "scratch");
  EXPECT_EQ(manifest->platforms, std::vector<std::string>{"linux/amd64"});
  EXPECT_EQ(manifest->restart_policy, "always");
  EXPECT_FALSE(manifest->files);
}

TEST(Manifest, TakesFilesAsAnObjectToo) {
  const auto manifest = parse_manifest(
      R"({"name": "a", "version": "1.0.0", "cmd": ["/x"], "files": {"run.sh": "/app/run.sh"}})");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->files->at(0).source, "run.sh");
}

struct Bad {
  const char* text;
  const char* names;  // what the error must mention
};

class BadManifest : public testing::TestWithParam<Bad> {};

TEST_P(BadManifest, IsRefusedWithTheNameOfTheMember) {
  const auto manifest = parse_manifest(GetParam().text);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, Code::invalid_argument);
  EXPECT_NE(manifest.error().describe().find(GetParam().names), std::string::npos)
      << manifest.error().describe();
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadManifest,
    testing::Values(
        Bad{"", "component.json"}, Bad{"[]", "component.json"}, Bad{"{", "component.json"},
        Bad{R"({"version": "1.0.0"})", "'name'"}, Bad{R"({"name": "a"})", "'version'"},
        Bad{R"({"name": "A", "version": "1.0.0"})", "'name'"},
        Bad{R"({"name": 7, "version": "1.0.0"})", "'name'"},
        Bad{R"({"name": "a", "version": "1"})", "'version'"},
        Bad{R"({"name": "a", "version": "1.0.0"})", "'entrypoint'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": "x"})", "'cmd'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": [1]})", "'cmd'"},
        Bad{R"({"name": "a", "version": "1.0.0", "base": "ubuntu"})", "'base'"},
        Bad{R"({"name": "a", "version": "1.0.0", "base": 1})", "'base'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "platforms": []})", "'platforms'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "platforms": ["plan9/mips"]})",
            "'platforms'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "files": [{"source": "../x", "target": "/x"}]})",
            "'files'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "files": {"x": "x"}})", "'files'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "files": {"x": "/a/../x"}})",
            "'files'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "files": [{"source": "x", "target": "/x", "mode": "9"}]})",
            "'files'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "env": {"A.B": "x"}})", "'env'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "env": {"A": []}})", "'env'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "createOptions": "{}"})",
            "'createOptions'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "restartPolicy": "sometimes"})",
            "'restartPolicy'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "startupOrder": -1})",
            "'startupOrder'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "workdir": "app"})", "'workdir'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "labels": {"a": 1}})", "'labels'"},
        Bad{R"({"name": "a", "version": "1.0.0", "cmd": ["x"], "entrypiont": ["x"]})",
            "'entrypiont'"}));

}  // namespace
}  // namespace ferry::fleet
