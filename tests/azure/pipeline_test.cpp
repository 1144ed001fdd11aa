// SPDX-License-Identifier: Apache-2.0
#include "azure/pipeline.hpp"

#include "tests/azure/scripted.hpp"

namespace ferry::azure {
namespace {

using std::chrono::seconds;
using ::testing::Test;

Request get(std::string url = "https://host.example/thing?sig=very-secret") {
  Request request;
  request.call.url = std::move(url);
  return request;
}

class PipelineTest : public ScriptedTest {};

TEST_F(PipelineTest, RetriesWithGrowingPausesUntilItIsAnswered) {
  script.then(500).then_fail(Code::unavailable).then(200, "ok");
  auto response = run(pipeline().send(get()));
  ASSERT_TRUE(response) << response.error().describe();
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{400, 800}));
}

TEST_F(PipelineTest, WaitsAsLongAsTheServiceAsks) {
  script.then(429, "", {{"Retry-After", "7"}}).then(503, "", {{"retry-after-ms", "250"}}).then(204);
  ASSERT_TRUE(run(pipeline().send(get())));
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{7000, 250}));
}

TEST_F(PipelineTest, UnderstandsRetryAfterAsDate) {
  script.then(429, "", {{"Retry-After", format_rfc1123(clock.now() + seconds(9))}}).then(200);
  ASSERT_TRUE(run(pipeline().send(get())));
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{9000}));
}

TEST_F(PipelineTest, GivesUpWhenAskedToWaitTooLong) {
  script.then(429, "", {{"Retry-After", "3600"}});
  auto response = run(pipeline().send(get()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::resource_exhausted);
}

TEST_F(PipelineTest, DoesNotRepeatAPostThatMayHaveBeenCarriedOut) {
  script.then(500);
  Request post = get();
  post.call.method = "POST";
  EXPECT_FALSE(run(pipeline().send(std::move(post))));
  EXPECT_TRUE(pauses.empty());
}

TEST_F(PipelineTest, RepeatsAPostThatWasThrottled) {
  script.then(429).then(200);
  Request post = get();
  post.call.method = "POST";
  EXPECT_TRUE(run(pipeline().send(std::move(post))));
}

TEST_F(PipelineTest, DoesNotRetryRefusals) {
  for (int status : {400, 401, 403, 404, 409, 412}) {
    script.then(status);
    EXPECT_FALSE(run(pipeline().send(get()))) << status;
  }
  EXPECT_TRUE(pauses.empty());
}

TEST_F(PipelineTest, EndsAfterItsAttempts) {
  for (int i = 0; i < 6; ++i) script.then_fail(Code::unavailable);
  auto response = run(pipeline().send(get()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::unavailable);
  EXPECT_TRUE(script.finished());
}

TEST_F(PipelineTest, EndsAtItsDeadline) {
  script.then(503, "", {{"Retry-After", "20"}}).then(503, "", {{"Retry-After", "20"}});
  Request request = get();
  request.deadline = seconds(30);
  auto response = run(pipeline().send(std::move(request)));
  ASSERT_FALSE(response);
  EXPECT_EQ(pauses.size(), 1u);
}

TEST_F(PipelineTest, NeverShowsTheQueryInAnError) {
  script.then(404, R"({"error":{"code":"ResourceNotFound","message":"gone"}})",
              {{"x-ms-request-id", "r-17"}});
  auto response = run(pipeline().send(get()));
  ASSERT_FALSE(response);
  const std::string text = response.error().describe();
  EXPECT_EQ(text.find("very-secret"), std::string::npos);
  EXPECT_NE(text.find("GET https://host.example/thing"), std::string::npos);
  EXPECT_NE(text.find("404"), std::string::npos);
  EXPECT_NE(text.find("ResourceNotFound: gone"), std::string::npos);
  EXPECT_NE(text.find("r-17"), std::string::npos);
}

TEST_F(PipelineTest, AuthorizesEachAttemptAnew) {
  script.then(500).then(200);
  Request request = get();
  int times = 0;
  request.authorize = [&times](net::HttpCall& call) -> net::Task<Result<void>> {
    call.headers.set("Authorization", "attempt " + std::to_string(++times));
    co_return Result<void>();
  };
  ASSERT_TRUE(run(pipeline().send(std::move(request))));
  EXPECT_EQ(script.calls.at(1).headers.get_or("Authorization", ""), "attempt 2");
  EXPECT_EQ(script.calls.at(0).headers.get("x-ms-client-request-id"),
            script.calls.at(1).headers.get("x-ms-client-request-id"));
}

TEST_F(PipelineTest, ReportsABodyThatIsNoJson) {
  script.then(200, "<html>");
  auto value = run(pipeline().send_json(get()));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Code::unavailable);
}

struct ErrorCase {
  int status;
  const char* body;
  const char* code;
  const char* message;
  Code meaning;
};

class ServiceErrorShapes : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(ServiceErrorShapes, AreRead) {
  const auto& expected = GetParam();
  const auto error = read_service_error(answer(expected.status, expected.body));
  EXPECT_EQ(error.code, expected.code);
  EXPECT_EQ(error.message, expected.message);
  EXPECT_EQ(code_of(error), expected.meaning);
}

INSTANTIATE_TEST_SUITE_P(
    All, ServiceErrorShapes,
    ::testing::Values(
        ErrorCase{409, R"({"error":{"code":"ScopeLocked","message":"locked\r\nby a person"}})",
                  "ScopeLocked", "locked by a person", Code::permission_denied},
        ErrorCase{400, R"({"code":400016,"httpStatusCode":400,"message":"Invalid PartitionCount"})",
                  "400016", "Invalid PartitionCount", Code::invalid_argument},
        ErrorCase{412, R"({"code":412001,"httpStatusCode":"PreconditionFailed","message":"etag"})",
                  "412001", "etag", Code::precondition_failed},
        ErrorCase{404,
                  R"({"Message":"ErrorCode:DeviceNotFound;E1 none","ExceptionMessage":"Tracking"})",
                  "DeviceNotFound", "E1 none", Code::not_found},
        ErrorCase{403, R"({"Message":"ErrorCode:IotHubQuotaExceeded;full"})", "IotHubQuotaExceeded",
                  "full", Code::resource_exhausted},
        ErrorCase{401, R"({"errorCode":401002,"trackingId":"t","message":"Unauthorized"})",
                  "401002", "Unauthorized", Code::unauthenticated},
        ErrorCase{
            400,
            R"({"error":"unauthorized_client","error_description":"AADSTS700016: none. Trace ID: x"})",
            "unauthorized_client", "AADSTS700016: none.", Code::unauthenticated},
        ErrorCase{404,
                  "<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>No blob.\n"
                  "RequestId:1\nTime:2</Message></Error>",
                  "BlobNotFound", "No blob.", Code::not_found},
        ErrorCase{502, "<html>bad gateway</html>", "", "", Code::unavailable},
        ErrorCase{404, "{broken", "", "", Code::not_found},
        ErrorCase{429, "", "", "", Code::resource_exhausted}));

}  // namespace
}  // namespace ferry::azure
