// SPDX-License-Identifier: Apache-2.0
#include "net/http_recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.hpp"
#include "net/redaction.hpp"

namespace ferry::net {
namespace {

class HttpRecorderTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/ferry-recorder-XXXXXX";
    directory_ = mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void exchange(HttpRequest request, HttpResponse response, HttpRecorder::Limits limits = {}) {
    auto recorder = HttpRecorder::open(directory_ / "recordings", limits);
    ASSERT_TRUE(recorder) << recorder.error().describe();
    const HttpHandler handler = [response](HttpRequest) -> Task<HttpResponse> {
      co_return response;
    };
    const HttpHandler recorded = HttpRecorder::wrap(*recorder, handler);
    const HttpResponse got = loop_.run_until_done(recorded(std::move(request)));
    EXPECT_EQ(got.body, response.body);
  }
  std::string text_of(std::string_view file) {
    return read_file(directory_ / "recordings" / file).value_or("");
  }

  EventLoop loop_;
  std::filesystem::path directory_;
};

HttpRequest put_group() {
  HttpRequest request;
  request.method = "PUT";
  request.target = "/subscriptions/1/resourcegroups/a?api-version=2021-04-01&sig=s3cr%3D";
  request.headers = {{"Host", "management.drydock.localhost"},
                     {"Authorization", "Bearer planted-token"},
                     {"Content-Type", "application/json"}};
  request.body = R"({"location":"westeurope"})";
  request.peer.tls = true;
  return request;
}

HttpResponse json_answer(std::string body) {
  HttpResponse response;
  response.status = 201;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.body = std::move(body);
  return response;
}

TEST_F(HttpRecorderTest, KeepsTheCodesOfErrorsAndHidesTheCodesThatSignIn) {
  auto request = put_group();
  request.target = "/x?code=planted";
  request.headers.set("X-Ferry-CSRF", "planted");
  exchange(std::move(request), json_answer(R"({"error":{"code":"not_found"},"csrf":"planted"})"));
  const auto text = text_of("00000001.json");
  EXPECT_THAT(text, testing::HasSubstr(R"("code":"not_found")"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("planted\"")));
}

TEST_F(HttpRecorderTest, WritesTheShapeThatOavReads) {
  exchange(put_group(), json_answer(R"({"name":"a"})"));
  auto recorded = parse_json_object(text_of("00000001.json"));
  ASSERT_TRUE(recorded);
  const json::value value = *recorded;
  EXPECT_EQ(find_path(value, "liveRequest.url")->as_string(),
            "https://management.drydock.localhost/subscriptions/1/resourcegroups/a"
            "?api-version=2021-04-01&sig=REDACTED");
  EXPECT_EQ(find_path(value, "liveRequest.method")->as_string(), "PUT");
  EXPECT_EQ(find_path(value, "liveRequest.body.location")->as_string(), "westeurope");
  EXPECT_EQ(find_path(value, "liveRequest.headers.Authorization")->as_string(), "Bearer REDACTED");
  EXPECT_EQ(find_path(value, "liveResponse.statusCode")->as_string(), "201");
  EXPECT_EQ(find_path(value, "liveResponse.body.name")->as_string(), "a");
  EXPECT_EQ(find_path(value, "order")->as_int64(), 1);
}

TEST_F(HttpRecorderTest, GoesOnCountingAndStopsAtItsLimit) {
  HttpRecorder::Limits limits;
  limits.exchanges = 2;
  for (int i = 0; i < 4; ++i) exchange(put_group(), json_answer("{}"), limits);
  EXPECT_NE(text_of("00000002.json"), "");
  EXPECT_EQ(text_of("00000003.json"), "");
}

TEST_F(HttpRecorderTest, TellsLongAndBinaryBodiesByTheirLength) {
  HttpRequest upload = put_group();
  upload.headers.set("Content-Type", "application/octet-stream");
  HttpRecorder::Limits limits;
  limits.body = 100;
  exchange(upload, json_answer("[" + std::string(200, '1') + "]"), limits);
  auto recorded = parse_json_object(text_of("00000001.json"));
  ASSERT_TRUE(recorded);
  EXPECT_EQ(find_path(*recorded, "liveRequest.body"), nullptr);
  EXPECT_EQ(find_path(*recorded, "liveRequest.bodySize")->as_int64(), 25);
  EXPECT_EQ(find_path(*recorded, "liveResponse.bodySize")->as_int64(), 202);
}

// Every place in which a credential travels, with the word that must not be in the recording.
TEST_F(HttpRecorderTest, LeavesNoSecretInAFile) {
  const std::vector<std::string> bodies = {
      R"({"value":[{"keyName":"device","primaryKey":"planted","secondaryKey":"planted"}]})",
      R"({"keys":[{"keyName":"key1","value":"planted","permissions":"FULL"}]})",
      R"({"username":"t","passwords":[{"name":"password1","value":"planted"}]})",
      R"({"properties":{"iotHubs":[{"connectionString":"HostName=a;SharedAccessKey=planted;X=y"}]}})",
      R"({"primaryConnectionString":"Endpoint=sb://a/;SharedAccessKeyName=b;SharedAccessKey=planted"})",
      R"({"attestation":{"symmetricKey":{"primaryKey":"planted"}}})",
      R"({"uploadUrl":"https://a/b?sv=1&sig=planted&se=2"})",
      R"({"access_token":"planted","refresh_token":"planted","id_token":"planted"})",
      R"({"credential":{"kind":"client-secret","secret":"planted"}})",
      R"({"token":"planted","clientSecret":"planted"})",
      R"({"certificatePem":"-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----"})"};
  for (const std::string& body : bodies) {
    HttpRequest request = put_group();
    request.body = body;
    exchange(request, json_answer(body));
  }
  HttpRequest form = put_group();
  form.method = "POST";
  form.headers.set("Content-Type", "application/x-www-form-urlencoded");
  form.headers.set("Cookie", "session=planted");
  form.headers.set("X-IDENTITY-HEADER", "planted");
  form.target = "/x?sig=planted&code=planted&a=b";
  form.body =
      "grant_type=refresh_token&refresh_token=planted&client_secret=planted"
      "&client_assertion=planted&password=planted&device_code=planted";
  HttpResponse answer = json_answer("{}");
  answer.headers.set("Set-Cookie", "session=planted");
  answer.headers.set("Location", "https://a/b?sig=planted");
  exchange(form, answer);

  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "recordings")) {
    const std::string text = read_file(entry.path()).value();
    EXPECT_EQ(text.find("planted"), std::string::npos) << text;
    EXPECT_NE(text.find("REDACTED"), std::string::npos) << text;
    ++files;
  }
  EXPECT_EQ(files, bodies.size() + 1);
}

TEST(Redaction, KeepsWhatIsNoCredential) {
  const std::string body =
      R"({"keys":[{"kty":"RSA","n":"abc"}],"tokenId":"/a/b","value":[{"name":"x","value":"y"}],)"
      R"("masked":"HostName=a;SharedAccessKey=****","password":"","error":{"code":"NotFound"}})";
  EXPECT_EQ(json::serialize(redact_json(parse_json(body).value())), body);
  EXPECT_EQ(redact_target("/a?b=c&d=e"), "/a?b=c&d=e");
  EXPECT_EQ(redact_header("Authorization", "SharedAccessSignature sr=a&sig=b"),
            "SharedAccessSignature REDACTED");
}

}  // namespace
}  // namespace ferry::net
