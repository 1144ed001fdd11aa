// SPDX-License-Identifier: Apache-2.0
#include "cli/component_directory.hpp"

#include <gtest/gtest.h>

#include "tests/cli/scratch.hpp"

namespace ferry::cli {
namespace {

std::vector<std::string> paths(const std::vector<ComponentFile>& files) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.path);
  return names;
}

TEST(ComponentDirectory, WithoutAManifestTheErrorShowsTheLeastOne) {
  Scratch scratch;
  auto component = open_component_directory(scratch.path());
  ASSERT_FALSE(component);
  EXPECT_EQ(component.error().code, Code::not_found);
  EXPECT_NE(component.error().message.find("component.json"), std::string::npos);
  EXPECT_NE(component.error().hint.find("version"), std::string::npos);
  EXPECT_FALSE(open_component_directory(scratch.path() / "nowhere"));
}

TEST(ComponentDirectory, WithoutFilesInTheManifestEverythingVisibleIsPublished) {
  Scratch scratch;
  scratch.write("component.json", R"({"name": "a", "version": "1.0.0"})");
  scratch.write("run.sh", "#!/bin/sh\n");
  scratch.write("lib/x.txt", "x");
  scratch.write(".git/config", "hidden");
  std::filesystem::permissions(scratch.path() / "run.sh", std::filesystem::perms::owner_all);
  auto component = open_component_directory(scratch.path());
  ASSERT_TRUE(component);
  const auto files = collect_component_files(*component);
  ASSERT_TRUE(files);
  EXPECT_EQ(paths(*files), (std::vector<std::string>{"lib/x.txt", "run.sh"}));
  EXPECT_FALSE(files->at(0).executable);
  EXPECT_TRUE(files->at(1).executable);
}

TEST(ComponentDirectory, NamedSourcesRestrictWhatIsPublished) {
  Scratch scratch;
  scratch.write("component.json",
                R"({"name": "a", "version": "1.0.0", "files": {"bin/a": "/app/a", "data": "/d"}})");
  scratch.write("bin/a", "a");
  scratch.write("data/one", "1");
  scratch.write("main.cpp", "int main() {}");
  auto component = open_component_directory(scratch.path());
  ASSERT_TRUE(component);
  const auto files = collect_component_files(*component);
  ASSERT_TRUE(files);
  EXPECT_EQ(paths(*files), (std::vector<std::string>{"bin/a", "data/one"}));
  EXPECT_EQ(json::serialize(component->manifest.at("files")),
            R"([{"source":"bin/a","target":"/app/a"},{"source":"data/one","target":"/d/one"}])");
}

TEST(ComponentDirectory, AFileWithoutATargetGoesBelowApp) {
  Scratch scratch;
  scratch.write("component.json",
                R"({"name": "a", "version": "1.0.0",
                    "files": ["bin/a", {"source": "b", "target": "/b", "mode": "0755"}]})");
  scratch.write("bin/a", "a");
  scratch.write("b", "b");
  auto component = open_component_directory(scratch.path());
  ASSERT_TRUE(component);
  ASSERT_TRUE(collect_component_files(*component));
  EXPECT_EQ(json::serialize(component->manifest.at("files")),
            R"([{"source":"bin/a","target":"/app/bin/a"},)"
            R"({"source":"b","target":"/b","mode":"0755"}])");
}

TEST(ComponentDirectory, AMissingOutsideOrLinkedSourceIsAnError) {
  for (const char* source : {"missing", "../outside", "/etc/passwd", "link", ""}) {
    Scratch scratch;
    std::filesystem::create_symlink("/etc/passwd", scratch.path() / "link");
    scratch.write(
        "component.json",
        fmt::format(R"({{"name": "a", "version": "1", "files": [{{"source": "{}"}}]}})", source));
    auto component = open_component_directory(scratch.path());
    ASSERT_TRUE(component);
    EXPECT_FALSE(collect_component_files(*component)) << source;
  }
}

TEST(ComponentDirectory, TheBuildStaysHereAndIsAListOfWords) {
  Scratch scratch;
  scratch.write("component.json", R"({"name": "a", "version": "1.0.0", "build": ["make", "-s"]})");
  auto component = open_component_directory(scratch.path());
  ASSERT_TRUE(component);
  EXPECT_EQ(component->build, (std::vector<std::string>{"make", "-s"}));
  EXPECT_FALSE(component->manifest.contains("build"));
  scratch.write("component.json", R"({"name": "a", "version": "1.0.0", "build": "make"})");
  EXPECT_FALSE(open_component_directory(scratch.path()));
}

}  // namespace
}  // namespace ferry::cli
