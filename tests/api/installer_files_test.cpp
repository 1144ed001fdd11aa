// SPDX-License-Identifier: Apache-2.0
#include "api/installer_files.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "tests/api/scratch.hpp"

namespace ferry::api {
namespace {

class InstallerFilesTest : public testing::Test {
 protected:
  InstallerFilesTest() : files_("CA PEM", "sha256//pin", scratch_.path()) {
    put("agents/linux-arm64/ferry-agent", "arm program");
    add_installer_file_routes(router_, files_);
  }
  void put(const std::string& path, std::string_view content) {
    const auto file = scratch_.path() / path;
    FERRY_CHECK(make_directories(file.parent_path()).has_value());
    FERRY_CHECK(write_file_atomically(file, content, 0755).has_value());
  }
  net::HttpResponse get(std::string target, std::string host = "ferry.example:7443") {
    net::HttpRequest request;
    request.method = "GET";
    request.target = std::move(target);
    request.headers.set("Host", std::move(host));
    auto match = router_.match("GET", request.path());
    FERRY_CHECK(match.handler != nullptr);
    return loop_.run_until_done((*match.handler)(std::move(request), std::move(match.parameters)));
  }

  Scratch scratch_;
  InstallerFiles files_;
  net::Router router_;
  net::EventLoop loop_;
};

TEST_F(InstallerFilesTest, TheScriptNamesTheServerAsTheDeviceReachedItAndWhatToTrust) {
  const auto script = get("/install.sh");
  EXPECT_EQ(script.status, 200);
  EXPECT_TRUE(script.body.starts_with("#!/bin/sh\n"));
  EXPECT_NE(script.body.find("server='https://ferry.example:7443'"), std::string::npos);
  EXPECT_NE(script.body.find("\nCA PEM\nEOF\n"), std::string::npos);
  EXPECT_NE(script.body.find(
                fmt::format("    linux-arm64) echo {} ;;", hex_encode(sha256("arm program")))),
            std::string::npos);
  for (const char* mark : {"@SERVER@", "@CA@", "@DIGESTS@"}) {
    EXPECT_EQ(script.body.find(mark), std::string::npos) << mark;
  }
}

TEST_F(InstallerFilesTest, AHostThatIsNoneGetsNoScript) {
  for (const char* host : {"", "a'; rm -rf /; '", "a b", "a/b", "a\"b", "$(x)", "a\nb"}) {
    EXPECT_EQ(get("/install.sh", host).status, 400) << host;
  }
}

TEST_F(InstallerFilesTest, ProgramsComeWithTheDigestThatTheyHaveNow) {
  EXPECT_EQ(get("/install/ferry-agent/linux-arm64").body, "arm program");
  const auto digest = get("/install/ferry-agent/linux-arm64.sha256").body;
  EXPECT_EQ(digest, hex_encode(sha256("arm program")) + "  ferry-agent\n");
  put("agents/linux-arm64/ferry-agent", "another");
  EXPECT_EQ(get("/install/ferry-agent/linux-arm64.sha256").body,
            hex_encode(sha256("another")) + "  ferry-agent\n");
  EXPECT_EQ(get("/install/ferry-agent/linux-vax").status, 404);
  EXPECT_NE(get("/install/info").body.find("sha256//pin"), std::string::npos);
}

TEST_F(InstallerFilesTest, OnlyProgramsAreServed) {
  put("secret", "x");
  for (const char* path : {"/install/ferry-agent/..%2F..%2Fsecret", "/install/ferry-agent/.."}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

}  // namespace
}  // namespace ferry::api
