// SPDX-License-Identifier: Apache-2.0
#include "oci/layer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/id.hpp"
#include "oci/digest.hpp"
#include "oci/gzip.hpp"

namespace ferry::oci {
namespace {

namespace fs = std::filesystem;

// What another program makes of the bytes.
std::string run_on(const std::string& command, const std::string& bytes) {
  const fs::path path = fs::temp_directory_path() / random_id("layer-test");
  std::ofstream(path, std::ios::binary) << bytes;
  std::FILE* pipe = ::popen((command + " < " + path.string() + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer;
  while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), count);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command << ": " << output;
  fs::remove(path);
  return output;
}

std::vector<LayerFile> sample() {
  return {{.path = "usr/bin/app", .content = "#!/bin/sh\n", .executable = true},
          {.path = "etc/app.conf", .content = "a=1\n"},
          {.path = "bin", .content = "usr/bin", .symlink = true}};
}

TEST(Layer, IsATarArchiveWithNormalizedEntries) {
  auto tar = write_tar(sample());
  ASSERT_TRUE(tar) << tar.error().describe();
  EXPECT_EQ(run_on("TZ=UTC tar --numeric-owner -tvf -", *tar),
            "lrwxrwxrwx 0/0               0 1970-01-01 00:00 bin -> usr/bin\n"
            "drwxr-xr-x 0/0               0 1970-01-01 00:00 etc/\n"
            "-rw-r--r-- 0/0               4 1970-01-01 00:00 etc/app.conf\n"
            "drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/\n"
            "drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/bin/\n"
            "-rwxr-xr-x 0/0              10 1970-01-01 00:00 usr/bin/app\n");
}

TEST(Layer, KeepsLongAndForeignNames) {
  const std::string name = std::string(180, 'x') + "/" + std::string(180, 'y') + "-ü-日本";
  auto tar = write_tar({{.path = name, .content = "z"}});
  ASSERT_TRUE(tar) << tar.error().describe();
  EXPECT_NE(run_on("LC_ALL=C.UTF-8 tar --quoting-style=literal -tf -", *tar).find(name),
            std::string::npos);
  EXPECT_EQ(tar->find("hdrcharset"), std::string::npos);
}

TEST(Layer, HasTheDigestItAlwaysHad) {
  // Nodes hold layers by digest: a change here makes every node download everything again.
  EXPECT_EQ(make_layer(sample(), Compression::none)->diff_id, sha256_digest(*write_tar(sample())));
  EXPECT_EQ(write_tar(sample())->size() % 512, 0u);
}

TEST(Layer, IsCompressedWhenThatPays) {
  auto small = make_layer(sample());
  EXPECT_EQ(small->descriptor.media_type, media::kLayerTar);
  EXPECT_EQ(small->descriptor.digest, small->diff_id);
  auto large = make_layer({{.path = "f", .content = std::string(100'000, 'a')}});
  EXPECT_EQ(large->descriptor.media_type, media::kLayerGzip);
  EXPECT_EQ(large->descriptor.digest, sha256_digest(large->blob));
  EXPECT_EQ(large->descriptor.size, large->blob.size());
  EXPECT_EQ(sha256_digest(run_on("gzip -dc", large->blob)), large->diff_id);
}

TEST(Layer, RefusesPathsThatLeaveTheImageOrMeet) {
  for (const char* path : {"", "/etc", "a/../b", "./a", "a//b", "a/", ".."}) {
    EXPECT_FALSE(write_tar({{.path = path, .content = "x"}})) << path;
  }
  EXPECT_FALSE(write_tar({{.path = "a", .content = "1"}, {.path = "a", .content = "2"}}));
  EXPECT_FALSE(write_tar({{.path = "a", .content = "1"}, {.path = "a/b", .content = "2"}}));
}

RC_GTEST_PROP(LayerProperty, IsTheSameInEveryOrder, ()) {
  const auto names = *rc::gen::unique<std::vector<int>>(rc::gen::inRange(0, 1000));
  std::vector<LayerFile> files;
  for (int name : names) {
    files.push_back({.path = fmt::format("d{}/f{}", name % 7, name),
                     .content = std::string(static_cast<std::size_t>(name), 'c'),
                     .executable = name % 2 == 0});
  }
  auto shuffled = files;
  const auto cut = shuffled.empty() ? 0 : *rc::gen::inRange<std::size_t>(0, shuffled.size());
  std::rotate(shuffled.begin(), shuffled.begin() + static_cast<std::ptrdiff_t>(cut),
              shuffled.end());
  RC_ASSERT(*write_tar(files) == *write_tar(shuffled));
}

TEST(Gzip, IsReadByGzip) {
  for (std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{70'000}, std::size_t{20} << 20}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * i) >> 7);
    auto compressed = gzip(bytes);
    ASSERT_TRUE(compressed);
    EXPECT_EQ(run_on("gzip -dc", *compressed), bytes) << size;
    EXPECT_EQ(compressed->substr(4, 4), std::string(4, '\0'));  // no time in the header
    EXPECT_EQ(*compressed, *gzip(bytes));
  }
}

TEST(RootFileSystem, IsTakenAsItIs) {
  const std::string tar = *write_tar(sample());
  auto plain = import_root_file_system(tar, Compression::none);
  ASSERT_TRUE(plain) << plain.error().describe();
  EXPECT_EQ(plain->blob, tar);
  auto packed = import_root_file_system(*gzip(tar), Compression::none);
  ASSERT_TRUE(packed) << packed.error().describe();
  EXPECT_EQ(packed->diff_id, plain->diff_id);
  auto xz = import_root_file_system(run_on("xz -c", tar), Compression::none);
  ASSERT_TRUE(xz) << xz.error().describe();
  EXPECT_EQ(xz->diff_id, plain->diff_id);
}

TEST(RootFileSystem, IsRefusedWhenItIsNoWholeArchive) {
  const std::string tar = *write_tar({{.path = "f", .content = std::string(5000, 'a')}});
  const std::string packed = *gzip(tar);
  for (const std::string& bytes :
       {std::string(), std::string("hello"), std::string(1024, '\0'), tar.substr(0, 700),
        packed.substr(0, packed.size() / 2), std::string(2000, 'x')}) {
    auto layer = import_root_file_system(bytes);
    EXPECT_FALSE(layer) << bytes.size();
    if (!layer) EXPECT_EQ(layer.error().code, Code::invalid_argument);
  }
}

}  // namespace
}  // namespace ferry::oci
