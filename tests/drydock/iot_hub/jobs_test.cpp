// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/jobs.hpp"

#include "tests/drydock/iot_hub/fixture.hpp"

namespace drydock::testing {
namespace {

using namespace std::chrono_literals;

class JobsTest : public HubTest {
 protected:
  JobsTest() {
    for (const char* id : {"a", "b", "c"}) {
      EXPECT_EQ(call("PUT", fmt::format("/devices/{}", id), json::object()).status, 200);
    }
    EXPECT_EQ(call("PATCH", "/twins/a", json::object{{"tags", {{"hall", 1}}}}).status, 200);
    EXPECT_EQ(call("PATCH", "/twins/b", json::object{{"tags", {{"hall", 1}}}}).status, 200);
  }
  net::HttpResponse schedule(const std::string& id, json::object job) {
    return call("PUT", "/jobs/v2/" + id, std::move(job));
  }
  static json::object update_halls(std::string start = "") {
    json::object job{
        {"type", "scheduleUpdateTwin"},
        {"queryCondition", "tags.hall = 1"},
        {"updateTwin", {{"etag", "*"}, {"properties", {{"desired", {{"fan", "high"}}}}}}}};
    if (!start.empty()) job["startTime"] = start;
    return job;
  }
  net::Task<bool> nap(std::chrono::milliseconds time) {
    co_await net::sleep_for(time);
    co_return true;
  }
  // The job as it is when it has this status, or after a second.
  json::value wait_for(const std::string& id, const std::string& status) {
    json::value job;
    for (int i = 0; i < 100; ++i) {
      job = get("/jobs/v2/" + id);
      if (text_at(job, "status") == status) break;
      loop_.run_until_done(nap(10ms));
    }
    return job;
  }
  std::string fan(const std::string& device) {
    return text_at(get("/twins/" + device), "properties.desired.fan");
  }
};

TEST_F(JobsTest, ChangesTheTwinsOfTheDevicesThatMatch) {
  ASSERT_EQ(schedule("j1", update_halls()).status, 200);
  const auto job = wait_for("j1", "completed");
  EXPECT_EQ(text_at(job, "status"), "completed");
  EXPECT_EQ(number_at(job, "deviceJobStatistics.deviceCount"), 2);
  EXPECT_EQ(number_at(job, "deviceJobStatistics.succeededCount"), 2);
  EXPECT_EQ(fan("a"), "high");
  EXPECT_EQ(fan("c"), "");
  EXPECT_EQ(error_name(schedule("j1", update_halls())), "JobAlreadyExists");
  const auto records = query(
      "select * from devices.jobs where devices.jobs.jobId = 'j1' and "
      "devices.jobs.status = 'completed' and deviceId = 'a'");
  ASSERT_EQ(records.as_array().size(), 1U);
  EXPECT_EQ(text_at(records.at(0), "jobType"), "scheduleUpdateTwin");
}

TEST_F(JobsTest, WaitsForItsTimeAlsoAfterARestartAndCanBeCancelled) {
  const auto later = ferry::format_rfc3339(clock_.now() + std::chrono::hours(1));
  ASSERT_EQ(schedule("later", update_halls(later)).status, 200);
  ASSERT_EQ(schedule("never", update_halls(later)).status, 200);
  loop_.run_until_done(nap(50ms));
  EXPECT_EQ(text_at(get("/jobs/v2/later"), "status"), "scheduled");
  EXPECT_EQ(
      text_at(ferry::parse_json(call("POST", "/jobs/v2/never/cancel").body).value(), "status"),
      "cancelled");
  open();
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(text_at(wait_for("later", "completed"), "status"), "completed");
  EXPECT_EQ(text_at(get("/jobs/v2/never"), "status"), "cancelled");
  EXPECT_EQ(call("POST", "/jobs/v2/never/cancel").status, 400);
  EXPECT_EQ(fan("b"), "high");
}

TEST_F(JobsTest, TellsWhichDevicesFailed) {
  ASSERT_EQ(schedule("call", json::object{{"type", "scheduleDeviceMethod"},
                                          {"deviceIds", json::array{"a", "gone"}},
                                          {"cloudToDeviceMethod", {{"methodName", "restart"}}}})
                .status,
            200);
  const auto job = wait_for("call", "completed");
  EXPECT_EQ(number_at(job, "deviceJobStatistics.failedCount"), 2);
  const auto records = query("select * from devices.jobs where jobId = 'call'").as_array();
  EXPECT_EQ(text_at(records.at(0), "error.code"), "JobRunDeviceNotOnline");
  EXPECT_EQ(text_at(records.at(1), "error.code"), "JobRunDeviceNotFound");
}

TEST_F(JobsTest, AreListedByTypeAndStatusInPages) {
  for (const char* id : {"j1", "j2", "j3"}) ASSERT_EQ(schedule(id, update_halls()).status, 200);
  wait_for("j3", "completed");
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/jobs/v2/query?api-version=1&jobType=scheduleupdatetwin&jobStatus=completed";
  request.headers = {{"Host", std::string(kHubHost)},
                     {"x-ms-max-item-count", "2"},
                     {"Authorization", sas(kHubHost, "iothubowner", in_an_hour())}};
  auto page = send(request);
  EXPECT_EQ(ferry::parse_json(page.body).value().as_array().size(), 2U);
  request.headers.set("x-ms-continuation", page.headers.get_or("x-ms-continuation", ""));
  page = send(request);
  EXPECT_EQ(ferry::parse_json(page.body).value().as_array().size(), 1U);
  EXPECT_FALSE(page.headers.contains("x-ms-continuation"));
}

TEST_F(JobsTest, RefusesWhatItCannotCarryOut) {
  EXPECT_EQ(schedule("x", json::object{{"type", "export"}}).status, 400);
  auto job = update_halls();
  job["queryCondition"] = "tags.hall =";
  EXPECT_EQ(schedule("x", job).status, 400);
  job.erase("queryCondition");
  EXPECT_EQ(schedule("x", job).status, 400);
  job = update_halls("tomorrow");
  EXPECT_EQ(schedule("x", job).status, 400);
  EXPECT_EQ(error_name(call("GET", "/jobs/v2/x")), "JobNotFound");
}

}  // namespace
}  // namespace drydock::testing
