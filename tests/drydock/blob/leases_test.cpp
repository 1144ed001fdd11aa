// SPDX-License-Identifier: Apache-2.0
// Who holds a lease may write; and what else belongs to a name: copies, tags, policies, batches.
#include "tests/drydock/blob/fixture.hpp"

namespace drydock::blob {
namespace {

using std::chrono::seconds;

class LeasesTest : public BlobTest {
 protected:
  LeasesTest() {
    call("PUT", "/files?restype=container");
    put("/files/a", "hello");
  }
  net::HttpResponse lease(std::string action, net::Headers headers = {},
                          std::string target = "/files/a?comp=lease") {
    headers.set("x-ms-lease-action", std::move(action));
    return call("PUT", std::move(target), "", std::move(headers));
  }
  std::string acquire(const std::string& duration) {
    const auto answer = lease("acquire", {{"x-ms-lease-duration", duration}});
    EXPECT_EQ(answer.status, 201);
    return answer.headers.get_or("x-ms-lease-id", "");
  }
  std::string state() { return call("HEAD", "/files/a").headers.get_or("x-ms-lease-state", ""); }
};

TEST_F(LeasesTest, OnlyTheHolderWrites) {
  const auto id = acquire("-1");
  EXPECT_EQ(state(), "leased");
  EXPECT_EQ(code(put("/files/a", "x")), "LeaseIdMissing");
  EXPECT_EQ(code(call("DELETE", "/files/a")), "LeaseIdMissing");
  EXPECT_EQ(code(put("/files/a", "x", {{"x-ms-lease-id", "other"}})),
            "LeaseIdMismatchWithBlobOperation");
  EXPECT_EQ(call("GET", "/files/a").body, "hello") << "everybody reads";
  EXPECT_EQ(put("/files/a", "x", {{"x-ms-lease-id", id}}).status, 201);
  EXPECT_EQ(state(), "leased") << "of the name, whatever blob has it";
  EXPECT_EQ(code(lease("acquire", {{"x-ms-lease-duration", "15"}})), "LeaseAlreadyPresent");
  EXPECT_EQ(lease("release", {{"x-ms-lease-id", id}}).status, 200);
  EXPECT_EQ(put("/files/a", "y").status, 201);
  EXPECT_EQ(code(put("/files/a", "y", {{"x-ms-lease-id", id}})),
            "LeaseNotPresentWithBlobOperation");
}

TEST_F(LeasesTest, EndsByItselfAndCanBeRenewed) {
  const auto id = acquire("15");
  clock.advance(seconds(14));
  EXPECT_EQ(lease("renew", {{"x-ms-lease-id", id}}).status, 200);
  clock.advance(seconds(14));
  EXPECT_EQ(state(), "leased");
  clock.advance(seconds(1));
  EXPECT_EQ(state(), "expired");
  EXPECT_EQ(put("/files/a", "x").status, 201);
}

TEST_F(LeasesTest, IsBrokenInTime) {
  const auto id = acquire("60");
  const auto breaking = lease("break", {{"x-ms-lease-break-period", "10"}});
  EXPECT_EQ(breaking.status, 202);
  EXPECT_EQ(breaking.headers.get_or("x-ms-lease-time", ""), "10");
  EXPECT_EQ(state(), "breaking");
  EXPECT_EQ(code(lease("renew", {{"x-ms-lease-id", id}})), "LeaseIsBrokenAndCannotBeRenewed");
  clock.advance(seconds(10));
  EXPECT_EQ(state(), "broken");
  EXPECT_NE(acquire("-1"), "");
  EXPECT_EQ(lease("break").headers.get_or("x-ms-lease-time", ""), "0") << "without end: at once";
}

TEST_F(LeasesTest, SurvivesARestartAndGoesWithItsBlob) {
  const auto id = acquire("-1");
  reopen();
  EXPECT_EQ(state(), "leased");
  EXPECT_EQ(call("DELETE", "/files/a", "", {{"x-ms-lease-id", id}}).status, 202);
  EXPECT_EQ(put("/files/a", "new").status, 201);
  EXPECT_EQ(state(), "available");
}

TEST_F(LeasesTest, AContainerIsDeletedByItsHolderAlone) {
  const auto answer =
      lease("acquire", {{"x-ms-lease-duration", "-1"}}, "/files?restype=container&comp=lease");
  ASSERT_EQ(answer.status, 201);
  EXPECT_EQ(code(call("DELETE", "/files?restype=container")), "LeaseIdMissing");
  EXPECT_EQ(put("/files/b", "x").status, 201) << "its blobs are free";
  EXPECT_EQ(call("DELETE", "/files?restype=container", "",
                 {{"x-ms-lease-id", answer.headers.get_or("x-ms-lease-id", "")}})
                .status,
            202);
}

TEST_F(LeasesTest, ACopySharesContentAndOutlivesItsSource) {
  const std::string source = "https://plant.blob.core.drydock.localhost/files/a";
  const auto copied = call("PUT", "/files/copy", "", {{"x-ms-copy-source", source}});
  ASSERT_EQ(copied.status, 202) << copied.body;
  EXPECT_EQ(copied.headers.get_or("x-ms-copy-status", ""), "success");
  EXPECT_EQ(content_files(), 1U);
  EXPECT_EQ(call("DELETE", "/files/a").status, 202);
  EXPECT_EQ(call("GET", "/files/copy").body, "hello");
  EXPECT_EQ(call("HEAD", "/files/copy").headers.get_or("x-ms-copy-source", ""), source);
  EXPECT_EQ(call("DELETE", "/files/copy").status, 202);
  EXPECT_EQ(content_files(), 0U);
  EXPECT_EQ(code(call("PUT", "/files/c", "", {{"x-ms-copy-source", source}})), "BlobNotFound");
  EXPECT_EQ(call("PUT", "/files/c", "", {{"x-ms-copy-source", "https://elsewhere/a"}}).status, 400);
}

TEST_F(LeasesTest, TagsAreReplacedAndChecked) {
  put("/files/a", "x", {{"x-ms-tags", "line=1&site=north%20hall"}});
  const auto tags = call("GET", "/files/a?comp=tags").body;
  EXPECT_NE(tags.find("<Tag><Key>site</Key><Value>north hall</Value></Tag>"), std::string::npos)
      << tags;
  const std::string xml = "<Tags><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tags>";
  EXPECT_EQ(call("PUT", "/files/a?comp=tags", xml).status, 204);
  EXPECT_EQ(call("HEAD", "/files/a").headers.get_or("x-ms-tag-count", ""), "1");
  EXPECT_EQ(code(put("/files/a", "x", {{"x-ms-tags", "a%25=1"}})), "InvalidTag");
  EXPECT_EQ(code(call("PUT", "/files/a?comp=tags", "<Tags><TagSet>")), "InvalidXmlDocument");
}

TEST_F(LeasesTest, ABatchAuthorizesEachPartByItself) {
  net::HttpRequest good = request("DELETE", "/files/a");
  good.headers.remove("x-ms-version");
  good.headers.remove("Host");
  sign_request(good, directory.account.key1);
  std::string body;
  int number = 0;
  for (const auto& authorization : {good.headers.get_or("Authorization", ""), std::string()}) {
    body += fmt::format(
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        "Content-ID: {}\r\n\r\nDELETE /files/a HTTP/1.1\r\nx-ms-date: {}\r\n{}"
        "Content-Length: 0\r\n\r\n",
        number++, good.headers.get_or("x-ms-date", ""),
        authorization.empty() ? "" : "Authorization: " + authorization + "\r\n");
  }
  body += "--b--\r\n";
  const auto answer =
      call("POST", "/?comp=batch", body, {{"Content-Type", "multipart/mixed; boundary=b"}});
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_NE(answer.body.find("Content-ID: 0\r\n\r\nHTTP/1.1 202"), std::string::npos)
      << answer.body;
  EXPECT_NE(answer.body.find("Content-ID: 1\r\n\r\nHTTP/1.1 401"), std::string::npos);
  EXPECT_EQ(call("GET", "/files/a").status, 404);
  for (const char* bad : {"", "--b\r\n\r\n", "--b\r\nx\r\n\r\nnonsense\r\n--b--"}) {
    EXPECT_EQ(
        call("POST", "/?comp=batch", bad, {{"Content-Type", "multipart/mixed; boundary=b"}}).status,
        400)
        << bad;
  }
}

TEST_F(LeasesTest, AnIdentityGetsAKeyAndNobodyElse) {
  const std::string body =
      "<KeyInfo><Start>2026-11-22T10:00:00Z</Start><Expiry>2026-11-23T10:00:00Z</Expiry></KeyInfo>";
  const std::string target = "/?restype=service&comp=userdelegationkey";
  EXPECT_EQ(call("POST", target, body).status, 403);
  auto bearer = request("POST", target, body);
  bearer.headers.set("Authorization", "Bearer good-token");
  const auto answer = send(std::move(bearer));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find("<SignedOid>object</SignedOid>"), std::string::npos) << answer.body;
  auto late = request("POST", target, "<KeyInfo><Expiry>2027-11-23T10:00:00Z</Expiry></KeyInfo>");
  late.headers.set("Authorization", "Bearer good-token");
  EXPECT_EQ(send(std::move(late)).status, 400);
}

}  // namespace
}  // namespace drydock::blob
