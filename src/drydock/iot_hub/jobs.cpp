// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/jobs.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/log.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::fail;
using ferry::Result;

constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE jobs(
  hub TEXT NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY(hub, id)) STRICT, WITHOUT ROWID;
CREATE TABLE job_devices(
  hub TEXT NOT NULL,
  job TEXT NOT NULL,
  device TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY(hub, job, device)) STRICT, WITHOUT ROWID;
)sql"};

constexpr std::string_view kUpdateTwin = "scheduleUpdateTwin";
constexpr std::string_view kCallMethod = "scheduleDeviceMethod";
constexpr std::string_view kStatuses[] = {"scheduled", "running", "completed", "cancelled",
                                          "failed"};
constexpr std::size_t kMethodsAtOnce = 10;
constexpr std::chrono::milliseconds kLook{200};

std::string_view name_of(Job::Status status) {
  return kStatuses[static_cast<std::size_t>(status)];
}

json::value time_or_null(const std::optional<ferry::Timestamp>& time) {
  return time ? json::value(ferry::format_rfc3339(*time)) : json::value(nullptr);
}

bool is_method(const Job& job) {
  return ferry::string_or(job.request, "type", "") == kCallMethod;
}

std::string status_of(const json::object& record) {
  return ferry::string_or(record, "status", "");
}

Outcome<void> validate_targets(const json::object& request) {
  const auto condition = ferry::optional_string(request, "queryCondition");
  const json::value* listed = request.if_contains("deviceIds");
  if (condition && !ferry::trim(*condition).empty()) {
    const auto parsed = query::parse_condition(*condition);
    if (!parsed) return refuse(400004, "queryCondition: {}", parsed.error().message);
    return {};
  }
  if (!listed || !listed->is_array()) {
    return refuse(400004, "a job needs queryCondition, or deviceIds");
  }
  for (const json::value& id : listed->get_array()) {
    if (!id.is_string()) return refuse(400004, "an item of deviceIds is not text");
  }
  return {};
}

// With the type in the hub's own spelling.
Outcome<json::object> validate(const json::object& request) {
  json::object valid = request;
  const std::string type = ferry::string_or(request, "type", "");
  if (ferry::equals_ignore_case(type, kUpdateTwin)) {
    valid["type"] = kUpdateTwin;
    const json::object* update = ferry::find_object(request, "updateTwin");
    if (!update) return refuse(400004, "a job of type {} needs updateTwin", kUpdateTwin);
  } else if (ferry::equals_ignore_case(type, kCallMethod)) {
    valid["type"] = kCallMethod;
    const json::object* method = ferry::find_object(request, "cloudToDeviceMethod");
    if (!method || ferry::string_or(*method, "methodName", "").empty()) {
      return refuse(400004, "a job of type {} needs cloudToDeviceMethod with methodName",
                    kCallMethod);
    }
  } else {
    return refuse(400004, "the type of a job is {} or {}, not '{}'", kUpdateTwin, kCallMethod,
                  type);
  }
  auto targets = validate_targets(request);
  if (!targets) return refuse(std::move(targets).error());
  return valid;
}

json::object to_storage(const Job& job) {
  json::object stored{{"request", job.request},
                      {"status", name_of(job.status)},
                      {"failure", job.failure},
                      {"created", job.created.time_since_epoch().count()},
                      {"start", job.start.time_since_epoch().count()}};
  if (job.end) stored["end"] = job.end->time_since_epoch().count();
  return stored;
}

Job job_from_storage(std::string id, const json::object& stored) {
  const auto time = [&](std::string_view name) {
    return ferry::Timestamp(std::chrono::milliseconds(ferry::int_or(stored, name, 0)));
  };
  Job job;
  job.id = std::move(id);
  if (const json::object* request = ferry::find_object(stored, "request")) job.request = *request;
  const auto* status = std::ranges::find(kStatuses, ferry::string_or(stored, "status", ""));
  job.status = status == std::end(kStatuses)
                   ? Job::Status::failed
                   : static_cast<Job::Status>(status - std::begin(kStatuses));
  job.failure = ferry::string_or(stored, "failure", "");
  job.created = time("created");
  job.start = time("start");
  if (stored.contains("end")) job.end = time("end");
  return job;
}

}  // namespace

Result<std::shared_ptr<Jobs>> Jobs::open(const std::filesystem::path& file,
                                         ferry::net::Executor executor, const ferry::Clock& clock) {
  auto database = ferry::sqlite::Database::open(file, kMigrations);
  if (!database) return fail(std::move(database).error());
  auto jobs = std::make_shared<Jobs>(*std::move(database), executor, clock);
  if (auto loaded = jobs->load(); !loaded) return fail(std::move(loaded).error());
  return jobs;
}

Result<void> Jobs::load() {
  auto rows = database_.query("SELECT hub, id, document FROM jobs");
  if (!rows) return fail(std::move(rows).error());
  for (const auto& row : *rows) {
    const auto document = ferry::parse_json_object(row.text(2));
    if (!document) return fail(ferry::Error(document.error()).with("read job {}", row.text(1)));
    jobs_[{row.text(0), row.text(1)}] = job_from_storage(row.text(1), *document);
  }
  rows = database_.query("SELECT hub, job, device, record FROM job_devices");
  if (!rows) return fail(std::move(rows).error());
  for (const auto& row : *rows) {
    const auto record = ferry::parse_json_object(row.text(3));
    Job* job = find({row.text(0), row.text(1)});
    if (record && job) job->devices[row.text(2)] = *record;
  }
  return {};
}

void Jobs::resume(MethodCalls& methods, FindHub find_hub) {
  methods_ = &methods;
  find_hub_ = std::move(find_hub);
  for (auto& [key, job] : jobs_) {
    if (job.is_over()) continue;
    for (auto& [device, record] : job.devices) {
      if (status_of(record) == "running") {
        end_device(job, device, refuse(500001, "the hub was restarted during the call"));
      }
    }
    ferry::net::spawn(executor_, run(shared_from_this(), key));
  }
}

void Jobs::stop() {
  methods_ = nullptr;
  find_hub_ = nullptr;
}

Job* Jobs::find(const Key& key) {
  const auto found = jobs_.find(key);
  return found == jobs_.end() ? nullptr : &found->second;
}

bool Jobs::may_go_on(const Key& key) {
  const Job* job = find(key);
  return find_hub_ && job && !job->is_over();
}

Outcome<json::object> Jobs::schedule(const std::string& hub, const std::string& id,
                                     const json::object& request) {
  auto valid = validate(request);
  if (!valid) return valid;
  if (jobs_.contains({hub, id})) return refuse(409102, "there is a job {} already", id);
  Job job;
  job.id = id;
  job.request = *std::move(valid);
  job.created = clock_.now();
  job.start = job.created;
  if (const auto start = ferry::optional_string(request, "startTime"); start && !start->empty()) {
    const auto parsed = ferry::parse_rfc3339(*start);
    if (!parsed) return refuse(400004, "startTime '{}' is not a time", *start);
    job.start = *parsed;
  }
  if (!save(hub, job, {})) return refuse(500001, "the job could not be stored");
  json::object answer = describe(job);
  jobs_[{hub, id}] = std::move(job);
  if (find_hub_) ferry::net::spawn(executor_, run(shared_from_this(), {hub, id}));
  return answer;
}

Outcome<json::object> Jobs::get(const std::string& hub, const std::string& id) const {
  const auto found = jobs_.find({hub, id});
  if (found == jobs_.end()) return refuse(404104, "there is no job {}", id);
  return describe(found->second);
}

Outcome<json::object> Jobs::cancel(const std::string& hub, const std::string& id) {
  Job* job = find({hub, id});
  if (!job) return refuse(404104, "there is no job {}", id);
  if (job->is_over()) return refuse(400004, "the job {} is {} already", id, name_of(job->status));
  job->status = Job::Status::cancelled;
  job->end = clock_.now();
  std::vector<std::string> devices;
  for (auto& [device, record] : job->devices) {
    if (status_of(record) != "pending") continue;
    record["status"] = "cancelled";
    devices.push_back(device);
  }
  if (!save(hub, *job, devices)) return refuse(500001, "the change could not be stored");
  return describe(*job);
}

json::array Jobs::list(const std::string& hub, std::string_view type,
                       std::string_view status) const {
  std::vector<const Job*> found;
  for (const auto& [key, job] : jobs_) {
    const bool fits = (type.empty() || ferry::equals_ignore_case(
                                           ferry::string_or(job.request, "type", ""), type)) &&
                      (status.empty() || ferry::equals_ignore_case(name_of(job.status), status));
    if (key.first == hub && fits) found.push_back(&job);
  }
  std::ranges::sort(found, [](const Job* a, const Job* b) {
    return std::tie(b->created, a->id) < std::tie(a->created, b->id);
  });
  json::array result;
  for (const Job* job : found) result.push_back(describe(*job));
  return result;
}

json::array Jobs::records(const std::string& hub) const {
  json::array result;
  for (const auto& [key, job] : jobs_) {
    if (key.first != hub) continue;
    for (const auto& [device, record] : job.devices) {
      json::object whole = record;
      whole["deviceId"] = device;
      whole["jobId"] = job.id;
      whole["jobType"] = job.request.at("type");
      result.push_back(std::move(whole));
    }
  }
  return result;
}

Result<void> Jobs::erase_hub(const std::string& hub) {
  std::erase_if(jobs_, [&](const auto& entry) { return entry.first.first == hub; });
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto done = database_.execute("DELETE FROM jobs WHERE hub = ?", {hub});
  if (done) done = database_.execute("DELETE FROM job_devices WHERE hub = ?", {hub});
  if (!done) return done;
  return transaction->commit();
}

bool Jobs::save(const std::string& hub, const Job& job, const std::vector<std::string>& devices) {
  const auto write = [&]() -> Result<void> {
    auto transaction = ferry::sqlite::Transaction::begin(database_);
    if (!transaction) return fail(std::move(transaction).error());
    auto done = database_.execute(
        "INSERT INTO jobs(hub, id, document) VALUES(?, ?, ?) "
        "ON CONFLICT DO UPDATE SET document = excluded.document",
        {hub, job.id, json::serialize(to_storage(job))});
    for (const std::string& device : devices) {
      if (!done) return done;
      done = database_.execute(
          "INSERT INTO job_devices(hub, job, device, record) VALUES(?, ?, ?, ?) "
          "ON CONFLICT DO UPDATE SET record = excluded.record",
          {hub, job.id, device, json::serialize(job.devices.at(device))});
    }
    if (!done) return done;
    return transaction->commit();
  };
  const auto written = write();
  if (!written) ferry::log::error("iot_hub", "job {}: {}", job.id, written.error().describe());
  return written.has_value();
}

json::object Jobs::describe(const Job& job) const {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [device, record] : job.devices) ++counts[status_of(record)];
  json::object result{{"jobId", job.id},
                      {"type", job.request.at("type")},
                      {"status", name_of(job.status)},
                      {"createdTime", ferry::format_rfc3339(job.created)},
                      {"startTime", ferry::format_rfc3339(job.start)},
                      {"endTime", time_or_null(job.end)},
                      {"deviceJobStatistics",
                       {{"deviceCount", job.devices.size()},
                        {"failedCount", counts["failed"]},
                        {"succeededCount", counts["completed"]},
                        {"runningCount", counts["running"]},
                        {"pendingCount", counts["pending"]}}}};
  for (const char* name :
       {"queryCondition", "maxExecutionTimeInSeconds", "updateTwin", "cloudToDeviceMethod"}) {
    if (const json::value* value = job.request.if_contains(name)) result[name] = *value;
  }
  if (!job.failure.empty()) result["failureReason"] = job.failure;
  return result;
}

std::vector<std::string> Jobs::targets(const Hub& hub, const Job& job) const {
  std::vector<std::string> devices;
  if (const json::array* listed = ferry::find_array(job.request, "deviceIds")) {
    for (const json::value& id : *listed) devices.emplace_back(id.get_string());
    return devices;
  }
  const auto condition =
      query::parse_condition(ferry::string_or(job.request, "queryCondition", ""));
  if (!condition) return devices;
  for (const auto& [id, device] : hub.devices()) {
    if (query::matches(*condition, TwinSource(device, device.self))) devices.push_back(id);
  }
  return devices;
}

void Jobs::begin_device(Job& job, const std::string& device) {
  const std::string now = ferry::format_rfc3339(clock_.now());
  json::object& record = job.devices[device];
  record["status"] = "running";
  record["startTimeUtc"] = now;
  record["lastUpdatedDateTimeUtc"] = now;
}

void Jobs::end_device(Job& job, const std::string& device, const Outcome<json::value>& outcome) {
  const std::string now = ferry::format_rfc3339(clock_.now());
  json::object& record = job.devices[device];
  record["status"] = outcome ? "completed" : "failed";
  record["endTimeUtc"] = now;
  record["lastUpdatedDateTimeUtc"] = now;
  if (outcome) {
    record["outcome"] = json::object{{"deviceMethodResponse", *outcome}};
  } else {
    record["error"] = json::object{{"code", fmt::format("JobRun{}", outcome.error().name())},
                                   {"description", outcome.error().message}};
  }
}

void Jobs::update_twins(Hub& hub, const Key& key) {
  Job& job = *find(key);
  const Hub::TwinChange change = read_twin_change(job.request.at("updateTwin").get_object(), false);
  std::vector<std::string> changed;
  for (const auto& [device, record] : job.devices) {
    if (status_of(record) == "pending") changed.push_back(device);
  }
  std::vector<std::pair<std::string, Outcome<json::value>>> outcomes;
  for (const std::string& device : changed) {
    begin_device(job, device);
    auto done = hub.change_twin({device, ""}, change, "*");
    if (done) {
      outcomes.emplace_back(device, json::value(nullptr));
    } else {
      outcomes.emplace_back(device, refuse(done.error()));
    }
  }
  const bool stored = hub.commit().has_value();
  for (auto& [device, outcome] : outcomes) {
    if (!stored) outcome = refuse(500001, "the change could not be stored");
    end_device(job, device, outcome);
  }
  save(key.first, job, changed);
}

ferry::net::Task<void> Jobs::call_method(std::shared_ptr<Jobs> self, Key key, std::string device) {
  if (!self->may_go_on(key)) co_return;
  const auto hub = self->find_hub_(key.first);
  Job* job = self->find(key);
  Outcome<json::value> outcome = refuse(404001, "there is no hub {}", key.first);
  if (hub) {
    auto answer = co_await self->methods_->invoke(
        hub, {device, ""}, job->request.at("cloudToDeviceMethod").get_object());
    if (answer) {
      outcome = ferry::parse_json(answer->body).value_or(nullptr);
    } else {
      outcome = refuse(std::move(answer).error());
    }
  }
  job = self->find(key);
  if (!job) co_return;
  self->end_device(*job, device, outcome);
  self->save(key.first, *job, {device});
}

bool Jobs::is_out_of_time(const Job& job) const {
  const std::int64_t most = ferry::int_or(job.request, "maxExecutionTimeInSeconds", 0);
  return most > 0 && clock_.now() > job.start + std::chrono::seconds(most);
}

void Jobs::give_up(const std::string& hub, Job& job) {
  std::vector<std::string> devices;
  for (const auto& [device, record] : job.devices) {
    if (status_of(record) == "pending") devices.push_back(device);
  }
  for (const std::string& device : devices) {
    end_device(job, device, refuse(504101, "the job's time was over before this device's turn"));
  }
  if (!devices.empty()) save(hub, job, devices);
}

ferry::net::Task<void> Jobs::run(std::shared_ptr<Jobs> self, Key key) {
  while (self->may_go_on(key) && self->clock_.now() < self->find(key)->start) {
    co_await ferry::net::sleep_for(kLook);
  }
  if (!self->may_go_on(key)) co_return;
  const auto hub = self->find_hub_(key.first);
  if (!hub) co_return;
  Job& job = *self->find(key);
  if (job.status == Job::Status::scheduled) {
    job.status = Job::Status::running;
    std::vector<std::string> devices = self->targets(*hub, job);
    for (const std::string& device : devices) {
      job.devices[device] = {{"status", "pending"},
                             {"createdDateTimeUtc", ferry::format_rfc3339(job.created)}};
    }
    self->save(key.first, job, devices);
  }
  if (!is_method(job)) self->update_twins(*hub, key);
  while (self->may_go_on(key) && is_method(job)) {
    if (self->is_out_of_time(job)) self->give_up(key.first, job);
    std::vector<std::string> begun;
    std::size_t running = 0;
    for (const auto& [device, record] : job.devices) {
      if (status_of(record) == "running") ++running;
    }
    for (const auto& [device, record] : job.devices) {
      if (running + begun.size() >= kMethodsAtOnce) break;
      if (status_of(record) == "pending") begun.push_back(device);
    }
    if (running == 0 && begun.empty()) break;
    for (const std::string& device : begun) self->begin_device(job, device);
    if (!begun.empty()) self->save(key.first, job, begun);
    for (const std::string& device : begun) {
      ferry::net::spawn(self->executor_, call_method(self, key, device));
    }
    co_await ferry::net::sleep_for(std::chrono::milliseconds(20));
  }
  if (!self->may_go_on(key)) co_return;
  job.status = Job::Status::completed;
  job.end = self->clock_.now();
  self->save(key.first, job, {});
}

}  // namespace drydock::iot_hub
