// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "tests/drydock/blob/fixture.hpp"

namespace drydock::blob {
namespace {

class Blobs : public BlobTest {
 protected:
  void SetUp() override { ASSERT_EQ(call("PUT", "/box?restype=container").status, 201); }

  net::HttpResponse put_block(const std::string& id, std::string body) {
    return call("PUT",
                "/box/b?comp=block&blockid=" + ferry::percent_encode(ferry::base64_encode(id)),
                std::move(body));
  }
  net::HttpResponse commit(const std::vector<std::pair<std::string, std::string>>& list,
                           net::Headers headers = {}) {
    std::string xml = "<?xml version=\"1.0\"?><BlockList>";
    for (const auto& [kind, id] : list) {
      xml += "<" + kind + ">" + ferry::base64_encode(id) + "</" + kind + ">";
    }
    return call("PUT", "/box/b?comp=blocklist", xml + "</BlockList>", std::move(headers));
  }
};

TEST_F(Blobs, KeepContentPropertiesAndMetadata) {
  const auto stored = put("/box/dir/a%20b.txt", "hello",
                          {{"x-ms-blob-content-type", "text/plain"}, {"x-ms-meta-Site", "north"}});
  ASSERT_EQ(stored.status, 201) << stored.body;
  const auto read = call("GET", "/box/dir/a%20b.txt");
  EXPECT_EQ(read.body, "hello");
  EXPECT_EQ(read.headers.get_or("Content-Type", ""), "text/plain");
  EXPECT_EQ(read.headers.get_or("x-ms-meta-site", ""), "north");
  EXPECT_EQ(read.headers.get_or("Content-MD5", ""), ferry::base64_encode(ferry::md5("hello")));
  EXPECT_EQ(read.headers.get_or("ETag", ""), stored.headers.get_or("ETag", "-"));
  const auto head = call("HEAD", "/box/dir/a%20b.txt");
  EXPECT_EQ(head.headers.get_or("Content-Length", ""), "5");
  EXPECT_EQ(head.headers.get_or("x-ms-blob-type", ""), "BlockBlob");
}

TEST_F(Blobs, AreThereAfterReopening) {
  ASSERT_EQ(put("/box/a", "hello").status, 201);
  ASSERT_EQ(put_block("one", "1").status, 201);
  reopen();
  EXPECT_EQ(call("GET", "/box/a").body, "hello");
  EXPECT_EQ(commit({{"Uncommitted", "one"}}).status, 201);
  EXPECT_EQ(call("GET", "/box/b").body, "1");
}

TEST_F(Blobs, LeaveNoFilesBehind) {
  ASSERT_EQ(put("/box/a", "first").status, 201);
  ASSERT_EQ(put("/box/a", "second").status, 201);
  EXPECT_EQ(content_files(), 1u);
  ASSERT_EQ(put_block("one", "1").status, 201);
  ASSERT_EQ(put_block("one", "1 again").status, 201);
  EXPECT_EQ(content_files(), 2u);
  ASSERT_EQ(call("DELETE", "/box/a").status, 202);
  ASSERT_EQ(call("DELETE", "/box?restype=container").status, 202);
  EXPECT_EQ(content_files(), 0u);
}

TEST_F(Blobs, FilesThatNoRowNamesAreCollectedAtStart) {
  ASSERT_EQ(put("/box/a", "kept").status, 201);
  {
    std::ofstream(directory_path / "blobs" / "left-by-a-crash") << "x";
  }
  reopen();
  EXPECT_EQ(content_files(), 1u);
  EXPECT_EQ(call("GET", "/box/a").body, "kept");
}

TEST_F(Blobs, ADeletedAccountTakesItsDataAlong) {
  ASSERT_EQ(put("/box/a", "x").status, 201);
  service->on_deleted(ResourceKind::storage_account, "Plant");
  EXPECT_EQ(code(call("GET", "/box/a")), "ContainerNotFound");
  EXPECT_EQ(content_files(), 0u);
}

TEST_F(Blobs, ServeRanges) {
  ASSERT_EQ(put("/box/a", "0123456789").status, 201);
  const auto part =
      call("GET", "/box/a", "", {{"x-ms-range", "bytes=2-4"}, {"Range", "bytes=0-0"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.headers.get_or("Content-Range", ""), "bytes 2-4/10");
  EXPECT_FALSE(part.headers.contains("Content-MD5"));
  EXPECT_EQ(call("GET", "/box/a", "", {{"Range", "bytes=8-"}}).body, "89");
  EXPECT_EQ(call("GET", "/box/a", "", {{"Range", "bytes=8-99"}}).body, "89");
  EXPECT_EQ(code(call("GET", "/box/a", "", {{"Range", "bytes=10-"}})), "InvalidRange");
  EXPECT_EQ(call("GET", "/box/a", "", {{"Range", "bytes=4-2"}}).status, 400);
  EXPECT_EQ(call("GET", "/box/a", "", {{"Range", "lines=1-2"}}).status, 400);
}

TEST_F(Blobs, AnswerConditions) {
  const std::string etag = put("/box/a", "x").headers.get_or("ETag", "");
  EXPECT_EQ(call("GET", "/box/a", "", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(call("GET", "/box/a", "", {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(call("GET", "/box/a", "", {{"If-Modified-Since", ferry::format_rfc1123(kNow)}}).status,
            304);
  EXPECT_EQ(code(put("/box/a", "y", {{"If-None-Match", "*"}})), "BlobAlreadyExists");
  EXPECT_EQ(code(put("/box/a", "y", {{"If-Match", "\"other\""}})), "ConditionNotMet");
  EXPECT_EQ(code(put("/box/new", "y", {{"If-Match", "*"}})), "ConditionNotMet");
  EXPECT_EQ(put("/box/a", "y", {{"If-Match", etag}}).status, 201);
  EXPECT_EQ(call("GET", "/box/a").body, "y");
  EXPECT_EQ(content_files(), 1u) << "a refused write leaves nothing";
}

TEST_F(Blobs, RefuseDamagedUploads) {
  EXPECT_EQ(code(put("/box/a", "x", {{"Content-MD5", ferry::base64_encode(ferry::md5("y"))}})),
            "Md5Mismatch");
  EXPECT_EQ(put("/box/a", "x", {{"Content-MD5", "short"}}).status, 400);
  EXPECT_EQ(put("/box/a", "x", {{"x-ms-structured-body", "XSM/1.0; properties=crc64"}}).status,
            400);
  EXPECT_EQ(call("PUT", "/box/a", "x").status, 400) << "no type of blob";
  EXPECT_EQ(call("PUT", "/box/p", "", {{"x-ms-blob-type", "PageBlob"}}).status, 501);
  EXPECT_EQ(put("/box/a", "x", {{"x-ms-meta-1bad", "v"}}).status, 400);
  EXPECT_EQ(put("/box/a%ff", "x").status, 400);
  EXPECT_EQ(put("/nobox/a", "x").status, 404);
}

TEST_F(Blobs, AreMadeOfCommittedBlocks) {
  ASSERT_EQ(put_block("aa", "hello ").status, 201);
  ASSERT_EQ(put_block("bb", "world").status, 201);
  EXPECT_EQ(call("GET", "/box/b").status, 404) << "not before they are committed";
  ASSERT_EQ(commit({{"Latest", "aa"}, {"Uncommitted", "bb"}, {"Latest", "aa"}},
                   {{"x-ms-blob-content-type", "text/plain"}, {"x-ms-meta-k", "v"}})
                .status,
            201);
  const auto read = call("GET", "/box/b");
  EXPECT_EQ(read.body, "hello worldhello ");
  EXPECT_EQ(read.headers.get_or("Content-Type", ""), "text/plain");
  EXPECT_EQ(call("GET", "/box/b", "", {{"Range", "bytes=4-12"}}).body, "o worldhe");

  ASSERT_EQ(put_block("aa", "HELLO ").status, 201);
  ASSERT_EQ(commit({{"Committed", "aa"}, {"Latest", "aa"}, {"Committed", "bb"}}).status, 201);
  EXPECT_EQ(call("GET", "/box/b").body, "hello HELLO world");
  const auto list = call("GET", "/box/b?comp=blocklist&blocklisttype=all");
  EXPECT_NE(list.body.find("<CommittedBlocks><Block><Name>YWE=</Name><Size>6</Size>"),
            std::string::npos)
      << list.body;
  EXPECT_EQ(content_files(), 3u);
}

TEST_F(Blobs, RefuseBlockListsThatCannotBe) {
  EXPECT_EQ(code(commit({{"Latest", "zz"}})), "InvalidBlockList");
  EXPECT_EQ(code(commit({{"Newest", "zz"}})), "InvalidBlockList");
  for (const char* xml :
       {"", "<BlockList>", "<Other/>", "<BlockList><Latest><x/></Latest></BlockList>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><BlockList/>"}) {
    EXPECT_EQ(call("PUT", "/box/b?comp=blocklist", xml).status, 400) << xml;
  }
  ASSERT_EQ(put_block("aa", "1").status, 201);
  EXPECT_EQ(code(put_block("longer", "1")), "InvalidBlobOrBlock");
  EXPECT_EQ(call("PUT", "/box/b?comp=block&blockid=***", "1").status, 400);
}

TEST_F(Blobs, ChangePropertiesAndMetadataWithANewTag) {
  const auto first = put("/box/a", "x", {{"x-ms-blob-cache-control", "no-store"}});
  const auto changed =
      call("PUT", "/box/a?comp=properties", "", {{"x-ms-blob-content-type", "text/html"}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(changed.headers.get_or("ETag", ""), first.headers.get_or("ETag", ""));
  ASSERT_EQ(call("PUT", "/box/a?comp=metadata", "", {{"x-ms-meta-k", "v"}}).status, 200);
  const auto head = call("HEAD", "/box/a");
  EXPECT_EQ(head.headers.get_or("Content-Type", ""), "text/html");
  EXPECT_FALSE(head.headers.contains("Cache-Control"));
  EXPECT_EQ(head.headers.get_or("x-ms-meta-k", ""), "v");
}

TEST_F(Blobs, AreListedInPagesAndFolded) {
  for (const char* name : {"a", "dir/1", "dir/2", "dir0", "z&<"}) {
    ASSERT_EQ(put(std::string("/box/") + ferry::percent_encode_path(name), "x").status, 201);
  }
  const std::string base = "/box?restype=container&comp=list";
  std::string marker, names;
  int pages = 0;
  do {
    const auto page = call("GET", base + "&delimiter=%2F&maxresults=2&marker=" + marker);
    ASSERT_EQ(page.status, 200);
    for (std::size_t at = 0; (at = page.body.find("<Name>", at)) != std::string::npos; ++at) {
      names += page.body.substr(at + 6, page.body.find('<', at + 6) - at - 6) + " ";
    }
    const std::size_t next = page.body.find("<NextMarker>");
    marker = next == std::string::npos
                 ? ""
                 : page.body.substr(next + 12, page.body.find('<', next + 12) - next - 12);
    ++pages;
  } while (!marker.empty());
  EXPECT_EQ(names, "a dir/ dir0 z&amp;&lt; ");
  EXPECT_EQ(pages, 2);
  const auto below = call("GET", base + "&prefix=dir%2F");
  EXPECT_NE(below.body.find("dir/2"), std::string::npos);
  EXPECT_EQ(below.body.find("dir0"), std::string::npos);
  EXPECT_EQ(call("GET", base + "&maxresults=0").status, 400);
}

TEST_F(Blobs, ContainersAreUniqueAndListed) {
  EXPECT_EQ(code(call("PUT", "/box?restype=container")), "ContainerAlreadyExists");
  EXPECT_EQ(call("PUT", "/Bad--name?restype=container").status, 400);
  ASSERT_EQ(call("PUT", "/box2?restype=container", "", {{"x-ms-meta-k", "v"}}).status, 201);
  const auto list = call("GET", "/?comp=list&include=metadata&prefix=box2");
  EXPECT_NE(list.body.find("<Name>box2</Name>"), std::string::npos);
  EXPECT_NE(list.body.find("<k>v</k>"), std::string::npos);
  EXPECT_EQ(list.body.find("<Name>box</Name>"), std::string::npos);
}

TEST_F(Blobs, WhatIsNotImplementedSaysSo) {
  EXPECT_EQ(call("PUT", "/box/a?comp=snapshot").status, 501);
  EXPECT_EQ(call("PUT", "/box/a?comp=block&blockid=AAAA", "", {{"x-ms-copy-source", "https://x/y"}})
                .status,
            501);
  EXPECT_EQ(call("PUT", "/box/a?comp=snapshot").status, 501);
}

}  // namespace
}  // namespace drydock::blob
