// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "azure/blob/shared_key.hpp"
#include "azure/sas.hpp"
#include "base/crypto.hpp"

namespace ferry::azure {
namespace {

const SasKey kKey{"testhub.azure-devices.net", "", Secret("MDEyMzQ1Njc4OWFiY2RlZg==")};
const Timestamp kExpiry = from_unix_seconds(1'900'000'000);

TEST(SasToken, MatchesTheKnownSignatureForADevice) {
  auto token = sas_token("testhub.azure-devices.net/devices/devA", kKey, kExpiry);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->reveal(),
            "SharedAccessSignature sr=testhub.azure-devices.net%2Fdevices%2FdevA"
            "&sig=CXFl7tli6tKAtlpM56dlTgbGc5TW2RWTx2mna5Qr4vM%3D&se=1900000000");
}

TEST(SasToken, MatchesTheKnownSignatureForAService) {
  SasKey key = kKey;
  key.policy = "service";
  auto token = sas_token("testhub.azure-devices.net", key, kExpiry);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->reveal(),
            "SharedAccessSignature sr=testhub.azure-devices.net"
            "&sig=ORmUX6bsysF3GDhXrmaWsnmXwTjdN882368Tv1n4Il0%3D&se=1900000000&skn=service");
}

TEST(SasToken, RefusesAKeyThatIsNotBase64WithoutShowingIt) {
  SasKey key = kKey;
  key.key = Secret("not!base64");
  auto token = sas_token("h", key, kExpiry);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().describe().find("not!base64"), std::string::npos);
}

TEST(ConnectionString, IsReadAndWritten) {
  auto key = parse_connection_string(
      Secret("HostName=h.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=QUJD+/==;"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->host, "h.azure-devices.net");
  EXPECT_EQ(key->policy, "service");
  EXPECT_EQ(key->key.reveal(), "QUJD+/==");
  auto again = parse_connection_string(key->connection_string());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key, key->key);
}

TEST(ConnectionString, IsRefusedWhenAPartIsMissing) {
  for (const char* text : {"", "HostName=h", "HostName=h;SharedAccessKeyName=p", ";;=", "x"}) {
    EXPECT_FALSE(parse_connection_string(Secret(text))) << text;
  }
}

net::HttpCall call(std::string method, std::string url, net::Headers headers = {},
                   std::string body = "") {
  net::HttpCall made;
  made.method = std::move(method);
  made.url = std::move(url);
  made.headers = std::move(headers);
  made.body = std::move(body);
  return made;
}

TEST(SharedKey, SignsAnEmptyGetWithAnEmptyLength) {
  auto text = string_to_sign(
      call("GET", "https://acct.blob.core.windows.net/c?restype=container",
           {{"x-ms-date", "Sun, 22 Nov 2026 10:00:00 GMT"}, {"x-ms-version", "2021-12-02"}}),
      "acct");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "GET\n\n\n\n\n\n\n\n\n\n\n\n"
            "x-ms-date:Sun, 22 Nov 2026 10:00:00 GMT\nx-ms-version:2021-12-02\n"
            "/acct/c\nrestype:container");
}

TEST(SharedKey, SignsBodyHeadersAndSortedParameters) {
  auto text = string_to_sign(
      call("PUT", "https://acct.blob.core.windows.net/c/a%20b?blockid=QUI%3D&comp=block",
           {{"X-MS-Version", "2021-12-02"},
            {"x-ms-meta-b", " two "},
            {"x-ms-meta-a", "1"},
            {"Content-MD5", "abc=="},
            {"Content-Type", "text/plain"},
            {"If-None-Match", "*"},
            {"x-ms-date", "D"}},
           "12345"),
      "acct");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "PUT\n\n\n5\nabc==\ntext/plain\n\n\n\n*\n\n\n"
            "x-ms-date:D\nx-ms-meta-a:1\nx-ms-meta-b:two\nx-ms-version:2021-12-02\n"
            "/acct/c/a%20b\nblockid:QUI=\ncomp:block");
}

TEST(SharedKey, RepeatsTheAccountInPathStyle) {
  auto text = string_to_sign(call("GET", "http://127.0.0.1:10000/acct/c/b"), "acct");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->ends_with("\n/acct/acct/c/b"));
}

TEST(SharedKey, JoinsRepeatedParametersInOrder) {
  auto text = string_to_sign(
      call("GET", "https://a.blob.core.windows.net/?Include=b&comp=list&include=a"), "a");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->ends_with("/a/\ncomp:list\ninclude:a,b")) << *text;
}

TEST(SharedKey, IsNotSentInPlainHttpToAnotherMachine) {
  ManualClock clock(kExpiry);
  net::EventLoop loop;
  for (const char* host : {"acct.example", "127.evil.example", "10.0.0.1"}) {
    Authorize authorize = authorize_with_shared_key({"acct", Secret("QUJD")}, clock);
    net::HttpCall made = call("GET", std::string("http://") + host + "/c");
    auto done = loop.run_until_done(authorize(made));
    ASSERT_FALSE(done) << host;
    EXPECT_EQ(done.error().code, Code::permission_denied);
  }
}

RC_GTEST_PROP(SharedKeyProperty, IsTheSameForEveryOrderOfParameters, ()) {
  auto names =
      *rc::gen::unique<std::vector<std::string>>(rc::gen::nonEmpty(rc::gen::string<std::string>()));
  const auto url_of = [](const std::vector<std::string>& order) {
    FormFields fields;
    for (const auto& name : order) fields.emplace_back("p" + hex_encode(name), name);
    return "https://a.blob.core.windows.net/c?" + format_form(fields);
  };
  auto forward = string_to_sign(call("GET", url_of(names)), "a");
  std::reverse(names.begin(), names.end());
  auto backward = string_to_sign(call("GET", url_of(names)), "a");
  RC_ASSERT(forward.has_value());
  RC_ASSERT(*forward == *backward);
}

}  // namespace
}  // namespace ferry::azure
