// SPDX-License-Identifier: Apache-2.0
// The running agent: composition root of `ferry-agent run`.
#pragma once

#include <memory>

#include "agent/cloud_link.hpp"
#include "agent/renewer.hpp"

namespace ferry::agent {

struct NodeOptions {
  std::string docker;
  std::string network;
  std::string program_version;
  bool stop_modules_on_exit = false;
  std::chrono::seconds proven_after{120};
};

class Node {
 public:
  // `directory` is borrowed. Fails when the device is not registered.
  static Result<std::unique_ptr<Node>> create(const DataDirectory& directory,
                                              const AgentSettings& settings, NodeOptions options);
  // SIGHUP renews the certificate at once. Until SIGTERM or SIGINT; then reports that nobody
  // watches the modules any more, and leaves them running unless told otherwise.
  void run();

 private:
  Node(const DataDirectory& directory, AgentSettings settings, DockerEngine engine,
       SupervisorOptions supervisor, CloudLinkOptions cloud, std::shared_ptr<DeviceTime> clock,
       bool stop_modules);
  Result<void> prepare_renewals();
  net::Task<Result<void>> try_identity(Identity identity);
  Result<void> use(Identity identity);
  net::Task<void> wait_for_end();
  net::Task<void> renew_when_asked();
  net::Task<void> say_goodbye();

  net::EventLoop loop_;  // first: everything below lives on it
  const DataDirectory& directory_;
  AgentSettings settings_;
  std::shared_ptr<DeviceTime> clock_;
  Supervisor supervisor_;
  Methods methods_;
  CloudLink cloud_;
  std::unique_ptr<Renewer> renewer_;
  net::Notifier said_goodbye_;
  bool stop_modules_;
};

// FERRY_MQTT_PORT, for a cloud that cannot have the standard port; else 8883.
Result<std::uint16_t> mqtt_port_from_environment();

}  // namespace ferry::agent
