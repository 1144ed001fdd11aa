// SPDX-License-Identifier: Apache-2.0
// Jobs that change twins or call methods of many devices at a given time: iot_hub_jobs.db, one row
// a job and one a device in it. A job goes on after a restart with the devices that it has not
// begun; a method that was being called then counts as failed, since nobody knows whether it took
// effect.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "base/sqlite.hpp"
#include "drydock/iot_hub/methods.hpp"

namespace drydock::iot_hub {

struct Job {
  enum class Status { scheduled, running, completed, cancelled, failed };
  std::string id;
  json::object request;  // as the service gave it: type, updateTwin or cloudToDeviceMethod, targets
  Status status = Status::scheduled;
  std::string failure;
  ferry::Timestamp created;
  ferry::Timestamp start;
  std::optional<ferry::Timestamp> end;
  // By device id: {"status", "startTimeUtc", ..., "outcome", "error"}, as queries give them.
  std::map<std::string, json::object> devices;

  bool is_over() const { return status > Status::running; }
};

class Jobs : public std::enable_shared_from_this<Jobs> {
 public:
  using FindHub = std::function<std::shared_ptr<Hub>(const std::string& name)>;

  static ferry::Result<std::shared_ptr<Jobs>> open(const std::filesystem::path& file,
                                                   ferry::net::Executor executor,
                                                   const ferry::Clock& clock);
  // Starts what is not over. `methods` must live until stop(), `find` until then as well; nothing
  // happens without a hub.
  void resume(MethodCalls& methods, FindHub find);
  void stop();

  // 400004 for a request that cannot be carried out, 409102 for an id that is taken.
  Outcome<json::object> schedule(const std::string& hub, const std::string& id,
                                 const json::object& request);
  Outcome<json::object> get(const std::string& hub, const std::string& id) const;  // 404104
  // Devices that it has not begun are left alone. 404104; 400004 when it is over.
  Outcome<json::object> cancel(const std::string& hub, const std::string& id);
  // As get(), newest first; empty strings select all.
  json::array list(const std::string& hub, std::string_view type, std::string_view status) const;
  // The collection devices.jobs: all records of devices.
  json::array records(const std::string& hub) const;
  ferry::Result<void> erase_hub(const std::string& hub);

  Jobs(ferry::sqlite::Database database, ferry::net::Executor executor, const ferry::Clock& clock)
      : database_(std::move(database)), executor_(executor), clock_(clock) {}

 private:
  using Key = std::pair<std::string, std::string>;  // hub, job
  static ferry::net::Task<void> run(std::shared_ptr<Jobs> self, Key key);
  static ferry::net::Task<void> call_method(std::shared_ptr<Jobs> self, Key key,
                                            std::string device);
  ferry::Result<void> load();
  Job* find(const Key& key);
  bool may_go_on(const Key& key);
  std::vector<std::string> targets(const Hub& hub, const Job& job) const;
  void begin_device(Job& job, const std::string& device);
  void end_device(Job& job, const std::string& device, const Outcome<json::value>& outcome);
  bool is_out_of_time(const Job& job) const;
  void give_up(const std::string& hub, Job& job);  // the devices that it has not begun
  void update_twins(Hub& hub, const Key& key);
  // What cannot be written stays in memory and is written with the next change.
  bool save(const std::string& hub, const Job& job, const std::vector<std::string>& devices);
  json::object describe(const Job& job) const;

  ferry::sqlite::Database database_;
  ferry::net::Executor executor_;
  const ferry::Clock& clock_;
  MethodCalls* methods_ = nullptr;
  FindHub find_hub_;
  std::map<Key, Job> jobs_;
};

}  // namespace drydock::iot_hub
