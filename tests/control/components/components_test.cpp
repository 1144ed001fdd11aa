// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/control/scripted_cloud.hpp"

namespace ferry::control {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const std::string kManifest =
    R"({"name": "sampler", "version": "1.0.0", "entrypoint": ["/app/x"]})";
const std::string kFolder =
    "https://blobs.example/ws-aaaabbbbccccdddd/components/sampler/1.0.0/src/";

class ComponentsTest : public ControlTest {
 protected:
  Result<fleet::ComponentVersion> draft(const std::string& manifest = kManifest) {
    return control_->components.create_version(organization_, "plant-a", "sampler", manifest);
  }
  Result<void> put(const std::string& path, const std::string& bytes) {
    return loop_->run_until_done(control_->components.put_file(organization_, "plant-a", "sampler",
                                                               "1.0.0", path, 0755, bytes));
  }
  Result<PublishStarted> publish() {
    return control_->components.publish(organization_, "plant-a", "sampler", "1.0.0");
  }
  fleet::ComponentVersion version() {
    return *control_->components.get_version(organization_, "plant-a", "sampler", "1.0.0");
  }
};

TEST_F(ComponentsTest, FilesGoWhereTheProductSays) {
  ASSERT_TRUE(draft());
  ASSERT_TRUE(put("bin/x", "bytes"));
  EXPECT_EQ(hub_.blobs.at(kFolder + "bin/x"), "bytes");
  const auto files = version().files;
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_EQ(files[0].path, "bin/x");
  EXPECT_EQ(files[0].size, 5);
  EXPECT_EQ(files[0].mode, 0755U);
}

TEST_F(ComponentsTest, WhatCannotBeStoredIsNotRecorded) {
  ASSERT_TRUE(draft());
  hub_.faults = {403};
  EXPECT_FALSE(put("bin/x", "bytes"));
  EXPECT_EQ(put("../x", "bytes").error().code, Code::invalid_argument);
  EXPECT_THAT(version().files, SizeIs(0));
}

TEST_F(ComponentsTest, AVersionWithoutManifestOrFilesIsRefused) {
  EXPECT_EQ(publish().error().code, Code::not_found);
  EXPECT_THAT(draft("{}").error().message, HasSubstr("'name'"));
  EXPECT_THAT(draft(R"({"name": "other", "version": "1.0.0", "cmd": ["x"]})").error().message,
              HasSubstr("'other'"));
  ASSERT_TRUE(draft());
  EXPECT_THAT(publish().error().message, HasSubstr("has no files"));
  ASSERT_TRUE(draft(R"({"name": "sampler", "version": "1.0.0", "cmd": ["x"],
                        "files": {"bin/y": "/app/y"}})"));
  ASSERT_TRUE(put("bin/x", "bytes"));
  EXPECT_THAT(publish().error().message, HasSubstr("'bin/y'"));
  EXPECT_EQ(version().state, fleet::VersionState::draft);
}

TEST_F(ComponentsTest, WhenTheRegistryRefusesTheVersionFailsAndCanBePublishedLater) {
  ASSERT_TRUE(draft());
  ASSERT_TRUE(put("x", "bytes"));
  const auto started = publish();  // the scripted cloud has no registry
  ASSERT_TRUE(started) << started.error().describe();
  EXPECT_EQ(version().state, fleet::VersionState::publishing);
  EXPECT_EQ(put("y", "late").error().code, Code::conflict);
  EXPECT_EQ(draft().error().code, Code::conflict);
  run_until_finished();
  EXPECT_EQ(version().state, fleet::VersionState::failed);
  EXPECT_FALSE(version().error.empty());
  EXPECT_TRUE(version().image.empty());
  EXPECT_TRUE(publish());
  run_until_finished();
}

TEST_F(ComponentsTest, ADraftGoesWithItsFilesAndAPublishedVersionStays) {
  ASSERT_TRUE(draft());
  ASSERT_TRUE(put("x", "bytes"));
  const auto remove = [&](const std::string& name, const std::string& version) {
    return loop_->run_until_done(
        control_->components.remove_version(organization_, "plant-a", name, version));
  };
  ASSERT_TRUE(remove("sampler", "1.0.0"));
  EXPECT_TRUE(hub_.blobs.empty());
  make_version("clock", "1.0.0");
  const auto refused = remove("clock", "1.0.0");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().hint, HasSubstr("new version"));
}

}  // namespace
}  // namespace ferry::control
