// SPDX-License-Identifier: Apache-2.0
// Keeps the containers as the composition says: looks every few seconds, asks decide(), carries its
// actions out. Goes back to the composition that last worked when a new one does not
// (last_good.hpp). Works without the cloud. Pulls run beside the passes, two at a time, so that a
// long download never delays the restart of another module.
#pragma once

#include "agent/composition.hpp"
#include "agent/container_spec.hpp"
#include "agent/data_directory.hpp"
#include "agent/docker_engine.hpp"
#include "agent/reported.hpp"
#include "net/task.hpp"

namespace ferry::agent {

struct SupervisorOptions {
  DeviceContext device;  // hub and device id may be set later
  std::string program_version;
  std::chrono::milliseconds interval{3000};
  std::chrono::seconds stop_grace{10};
  // A composition that has run for so long is the one to go back to.
  std::chrono::seconds proven_after{120};
};

// Belongs to one loop; must outlive run() and what it started (the loop's end).
class Supervisor {
 public:
  Supervisor(net::Executor executor, const DataDirectory& directory, DockerEngine engine,
             const Clock& clock, SupervisorOptions options);

  // Reads what was remembered, last accepted composition included.
  Result<void> load();

  void set_device(std::string hub_host, std::string device_id);
  void set_generation_ids(std::map<std::string, std::string> ids);
  // A desired document: kept on disk and enforced when it is acceptable, else reported as refused
  // while the one before stays in force.
  void offer(const json::object& desired);

  // Until stop(). `on_change` is called on the loop when report() may have changed.
  net::Task<void> run();
  void on_change(std::function<void()> callback) { on_change_ = std::move(callback); }
  // Ends run() after the action in hand; pulls are abandoned.
  void stop();
  // Until no pass is under way any more; after stop() none begins.
  net::Task<void> wait_idle();
  // Stops what runs; for an orderly end of the agent. Marks everything unknown in report().
  net::Task<void> stop_modules();
  net::Task<Result<void>> remove_modules();

  json::object report() const;
  void declare_not_running();  // report() says 406 from now on

  net::Task<Result<void>> restart_module(std::string module);
  net::Task<Result<LogDemux>> logs(std::string module, LogRequest request);
  std::vector<std::string> modules_with_containers() const;

 private:
  net::Task<void> pass();
  net::Task<bool> observe();
  net::Task<void> find_ready_images();
  net::Task<void> carry_out();
  net::Task<Result<std::string>> execute(Action action, std::string created);
  net::Task<Result<std::string>> create(std::string module);
  net::Task<void> pull(std::string image, std::vector<std::string> modules,
                       std::optional<RegistryCredential> credential);
  void start_pull(const Action& action);
  net::Task<void> remove_unused_images();
  void conclude();
  void enforce(Composition composition);
  Result<void> recall_good();
  void keep_or_go_back();  // goes back, or takes the present composition for good
  void remember_fallen();
  void engine_failed(const Error& error);
  void wake();
  void remember();
  const ObservedContainer* find_container(std::string_view module) const;

  net::Executor executor_;
  const DataDirectory& directory_;
  DockerEngine engine_;
  const Clock& clock_;
  SupervisorOptions options_;
  std::function<void()> on_change_;

  // One that was accepted, as it came.
  struct Document {
    json::object desired;
    std::string content;
    Composition composition;
  };
  std::optional<Document> offered_;         // the last one
  std::optional<Document> good_;            // the last that proved itself
  std::optional<FallenFrom> fallen_;        // then good_ is in force, not offered_
  std::optional<Composition> composition_;  // in force
  World world_;
  Plan plan_;
  LastDesired last_desired_;
  bool refused_ = false;  // last_desired_ speaks of a document that is not in force
  std::map<std::string, std::string> generation_ids_;
  std::set<std::string> images_;  // pulled by this agent
  EngineVersion engine_version_;
  std::string engine_problem_;  // empty while the engine answers
  Timestamp started_;

  net::Notifier woken_;
  net::AsyncMutex mutex_;  // held while containers are looked at and changed
  bool look_again_ = false;
  bool stopping_ = false;
  bool agent_running_ = true;
};

}  // namespace ferry::agent
