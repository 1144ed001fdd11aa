// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck.h>

#include "tests/drydock/blob/fixture.hpp"

namespace drydock::blob {
namespace {

class BlobAuthorization : public BlobTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(call("PUT", "/box?restype=container").status, 201);
    ASSERT_EQ(put("/box/a.txt", "hello").status, 201);
  }

  // A SAS as a client makes it: fields in order, joined, signed; names are those of the parameters.
  std::string sas(const std::vector<std::pair<std::string, std::string>>& parameters,
                  const std::string& text) const {
    ferry::FormFields fields(parameters.begin(), parameters.end());
    fields.emplace_back("sig", *sign(directory.account.key1, text));
    return ferry::format_form(fields);
  }

  std::string service_sas(const std::string& rights, const std::string& resource,
                          const std::string& canonical, const std::string& expiry,
                          const std::string& start = "") const {
    const std::string text = rights + "\n" + start + "\n" + expiry + "\n" + canonical +
                             "\n\n\n\n2020-12-06\n" + resource + "\n\n\n\n\n\n\n";
    return sas(
        {{"sv", "2020-12-06"}, {"sr", resource}, {"sp", rights}, {"st", start}, {"se", expiry}},
        text);
  }

  std::string account_sas(const std::string& rights, const std::string& types) const {
    const std::string expiry = "2026-11-23T00:00:00Z";
    const std::string text =
        "plant\n" + rights + "\nb\n" + types + "\n\n" + expiry + "\n\nhttps\n2021-12-02\n\n";
    return sas({{"sv", "2021-12-02"},
                {"ss", "b"},
                {"srt", types},
                {"sp", rights},
                {"se", expiry},
                {"spr", "https"}},
               text);
  }
};

TEST(SharedKey, SignsWhatTheDocumentationSays) {
  net::HttpRequest http;
  http.method = "PUT";
  http.target = "/box/a%20b?timeout=20&comp=block&blockid=QQ%3D%3D";
  http.headers = {{"Content-Length", "11"},
                  {"Content-Type", "text/plain"},
                  {"Date", "ignored when x-ms-date is there"},
                  {"X-MS-Version", "2015-02-21"},
                  {"x-ms-meta-b", "  folded\r\n value "},
                  {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}};
  EXPECT_EQ(string_to_sign(http, "acct"),
            "PUT\n\n\n11\n\ntext/plain\n\n\n\n\n\n\n"
            "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-meta-b:folded  value\n"
            "x-ms-version:2015-02-21\n"
            "/acct/box/a%20b\nblockid:QQ==\ncomp:block\ntimeout:20");
}

TEST(SharedKey, LeavesAZeroLengthOut) {
  net::HttpRequest http;
  http.method = "GET";
  http.target = "/";
  http.headers = {{"Content-Length", "0"}};
  EXPECT_EQ(string_to_sign(http, "acct"), "GET\n\n\n\n\n\n\n\n\n\n\n\n/acct/");
}

TEST(SharedKey, SortsUnderscoresBeforeDigitsInTheLinguisticOrder) {
  net::HttpRequest http;
  http.method = "GET";
  http.target = "/";
  http.headers = {{"x-ms-meta-a1", "1"}, {"x-ms-meta-a_b", "2"}};
  EXPECT_NE(string_to_sign(http, "acct", HeaderOrder::ordinal),
            string_to_sign(http, "acct", HeaderOrder::linguistic));
}

TEST_F(BlobAuthorization, AcceptsEitherKey) {
  for (const ferry::Secret* key : {&directory.account.key1, &directory.account.key2}) {
    net::HttpRequest http = request("GET", "/box/a.txt");
    sign_request(http, *key);
    EXPECT_EQ(send(std::move(http)).body, "hello");
  }
}

TEST_F(BlobAuthorization, RefusesOtherKeysAndSaysNoSecret) {
  net::HttpRequest http = request("GET", "/box/a.txt?sig=topsecret");
  sign_request(http, ferry::Secret(ferry::base64_encode("guessed")));
  const auto response = send(std::move(http));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(code(response), "AuthenticationFailed");
  EXPECT_NE(response.body.find("string to sign"), std::string::npos);
  EXPECT_EQ(response.body.find("topsecret"), std::string::npos);
  EXPECT_EQ(response.body.find(directory.account.key1.reveal()), std::string::npos);
}

TEST_F(BlobAuthorization, RefusesClocksMoreThanFifteenMinutesOff) {
  net::HttpRequest early = request("GET", "/box/a.txt");
  sign_request(early, directory.account.key1);
  net::HttpRequest late = early;
  clock.advance(std::chrono::minutes(14));
  EXPECT_EQ(send(std::move(early)).status, 200);
  clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(code(send(std::move(late))), "AuthenticationFailed");
}

TEST_F(BlobAuthorization, AsksForCredentialsWhenThereAreNone) {
  const auto response = send(request("GET", "/box/a.txt"));
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(code(response), "NoAuthenticationInformation");
  EXPECT_TRUE(response.headers.get_or("WWW-Authenticate", "").starts_with("Bearer "));
}

TEST_F(BlobAuthorization, TakesTokensOfTheTenantOverTlsOnly) {
  auto with_token = [](std::string token) {
    return request("GET", "/box/a.txt", "", {{"Authorization", "Bearer " + std::move(token)}});
  };
  EXPECT_EQ(send(with_token("good-token")).status, 200);
  EXPECT_EQ(send(with_token("bad-token")).status, 401);
  auto plain = with_token("good-token");
  plain.peer.tls = false;
  EXPECT_EQ(send(std::move(plain)).status, 403);
}

TEST_F(BlobAuthorization, KnowsOnlyItsAccounts) {
  net::HttpRequest http = request("GET", "/box/a.txt");
  http.headers.set("Host", "other.blob.core.drydock.localhost");
  EXPECT_EQ(send(std::move(http)).status, 404);
}

TEST_F(BlobAuthorization, ATamperedRequestIsNeverAccepted) {
  net::HttpRequest original = request("GET", "/box/a.txt", "", {{"x-ms-meta-k", "value"}});
  sign_request(original, directory.account.key1);
  const bool holds = rc::check("no changed request passes", [&] {
    net::HttpRequest http = original;
    const int what = *rc::gen::inRange(0, 4);
    const char letter = *rc::gen::inRange('a', 'z');
    if (what == 0) http.method = *rc::gen::element<std::string>("DELETE", "HEAD", "get");
    if (what == 1) http.target += letter;
    if (what == 2) http.headers.set("x-ms-meta-k", std::string("value") + letter);
    if (what == 3) {
      std::string authorization(*http.headers.get("Authorization"));
      const auto at = *rc::gen::inRange<std::size_t>(16, authorization.size() - 2);
      authorization[at] = authorization[at] == 'A' ? 'B' : 'A';
      http.headers.set("Authorization", authorization);
    }
    RC_ASSERT(send(std::move(http)).status >= 400);
  });
  EXPECT_TRUE(holds);
  EXPECT_EQ(send(std::move(original)).status, 200);
}

TEST_F(BlobAuthorization, ServiceSasReadsOneBlob) {
  const std::string sas = service_sas("r", "b", "/blob/plant/box/a.txt", "2026-11-23T00:00:00Z");
  EXPECT_EQ(send(request("GET", "/box/a.txt?" + sas)).body, "hello");
  EXPECT_EQ(code(send(request("GET", "/box/b.txt?" + sas))), "AuthenticationFailed");
  EXPECT_EQ(code(send(request("DELETE", "/box/a.txt?" + sas))), "AuthorizationPermissionMismatch");
}

TEST_F(BlobAuthorization, ContainerSasListsAndReads) {
  const std::string sas = service_sas("rl", "c", "/blob/plant/box", "2026-11-23");
  EXPECT_EQ(send(request("GET", "/box/a.txt?" + sas)).status, 200);
  EXPECT_EQ(send(request("GET", "/box?restype=container&comp=list&" + sas)).status, 200);
  EXPECT_EQ(send(request("DELETE", "/box?restype=container&" + sas)).status, 403);
}

TEST_F(BlobAuthorization, SasCountsOnlyInItsTime) {
  const std::string ended = service_sas("r", "b", "/blob/plant/box/a.txt", "2026-11-22T10:00:00Z");
  const std::string later =
      service_sas("r", "b", "/blob/plant/box/a.txt", "2026-11-24T00:00:00Z", "2026-11-23T00:00Z");
  EXPECT_EQ(code(send(request("GET", "/box/a.txt?" + ended))), "AuthenticationFailed");
  EXPECT_EQ(code(send(request("GET", "/box/a.txt?" + later))), "AuthenticationFailed");
  clock.advance(std::chrono::hours(15));
  EXPECT_EQ(send(request("GET", "/box/a.txt?" + later)).status, 200);
}

TEST_F(BlobAuthorization, CreateOnlySasDoesNotOverwrite) {
  const std::string sas = service_sas("c", "c", "/blob/plant/box", "2026-11-23");
  const net::Headers headers = {{"x-ms-blob-type", "BlockBlob"}};
  EXPECT_EQ(send(request("PUT", "/box/new?" + sas, "1", headers)).status, 201);
  EXPECT_EQ(code(send(request("PUT", "/box/new?" + sas, "2", headers))),
            "AuthorizationPermissionMismatch");
}

TEST_F(BlobAuthorization, AccountSasNeedsResourceTypeAndProtocol) {
  const std::string objects = account_sas("rl", "o");
  const std::string containers = account_sas("rl", "c");
  EXPECT_EQ(send(request("GET", "/box/a.txt?" + objects)).status, 200);
  EXPECT_EQ(send(request("GET", "/box/a.txt?" + containers)).status, 403);
  EXPECT_EQ(send(request("GET", "/box?restype=container&comp=list&" + containers)).status, 200);
  net::HttpRequest plain = request("GET", "/box/a.txt?" + objects);
  plain.peer.tls = false;
  EXPECT_EQ(code(send(std::move(plain))), "AuthorizationProtocolMismatch");
}

TEST_F(BlobAuthorization, MalformedSasIsRefusedNotServed) {
  for (const char* query :
       {"sig=", "sig=x", "sv=2020-12-06&sig=x", "sv=1&sr=b&sp=r&se=never&sig=%00",
        "sv=2020-12-06&skoid=1&sig=x", "ss=b&srt=o&sv=2099-99-99&sp=r&sig=AAAA"}) {
    EXPECT_EQ(send(request("GET", std::string("/box/a.txt?") + query)).status, 403) << query;
  }
}

}  // namespace
}  // namespace drydock::blob
