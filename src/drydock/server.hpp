// SPDX-License-Identifier: Apache-2.0
// The local cloud as a process: data directory, sockets, certificates, start and stop.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "drydock/cloud.hpp"
#include "drydock/server_identity.hpp"
#include "net/http_recorder.hpp"
#include "net/stream.hpp"
#include "net/unix_listener.hpp"

namespace drydock {

struct ServerOptions {
  std::filesystem::path directory;     // made when absent
  std::optional<std::string> address;  // default: 127.0.0.1 and ::1
  std::uint16_t https_port = 443;      // 0 takes a free one
  std::uint16_t mqtt_port = 8883;
  std::optional<std::uint16_t> amqp_port;  // default: 5671, or a free one when that is taken
  std::optional<std::uint16_t> imds_port;  // for managed identities; not given: none
  std::chrono::milliseconds operation_delay{150};
  std::chrono::milliseconds evaluation_interval{0};  // of IoT hubs' deployments; 0: at once
  bool enforce_limits = false;                       // of Resource Manager
  std::optional<std::filesystem::path> recordings;   // of HTTP exchanges; see net/http_recorder.hpp
};

class Server {
 public:
  // Listens, opens the services and writes DIR/environment.json; faults are set through
  // DIR/control.sock (drydock/faults/control.hpp); from then on everything answers
  // once the loop runs. Takes port 8443 when 443 is not allowed. `loop` and `clock` must outlive
  // it.
  static ferry::Result<std::unique_ptr<Server>> start(ferry::net::EventLoop& loop,
                                                      const ferry::Clock& clock,
                                                      ServerOptions options);
  ~Server();
  // Takes environment.json away and closes sockets and connections. Let the loop run a little after
  // it, so that what serves connections ends before the services do.
  void stop_listening();
  const Cloud& cloud() const { return *cloud_; }
  Cloud& cloud() { return *cloud_; }

 private:
  Server(ferry::net::EventLoop& loop, ServerOptions options, ferry::FileLock lock);
  ferry::Result<void> listen();
  ferry::Result<std::uint16_t> listen_https(const std::string& address, std::uint16_t port);
  ferry::Result<std::uint16_t> listen_imds();
  void listen_for_control();
  ferry::Result<std::uint16_t> listen_mqtt(const std::string& address, std::uint16_t port);
  ferry::Result<std::uint16_t> listen_amqp(const std::string& address, std::uint16_t port);
  ferry::Result<std::uint16_t> listen_amqp_somewhere(const std::string& address);

  ferry::net::EventLoop& loop_;
  ServerOptions options_;
  ferry::FileLock lock_;
  ServerIdentity identity_;
  std::shared_ptr<const ferry::net::TlsServerContext> tls_;
  Endpoints endpoints_;
  std::unique_ptr<Cloud> cloud_;
  std::shared_ptr<ferry::net::HttpRecorder> recorder_;            // null: nothing is recorded
  std::vector<std::unique_ptr<ferry::net::Listener>> listeners_;  // closed before the cloud
  std::unique_ptr<ferry::net::UnixListener> control_;
};

// Lines for /etc/hosts: the fixed names and those of the resources in `directory`. Works beside a
// running server.
ferry::Result<std::string> hosts_file_lines(const std::filesystem::path& directory,
                                            const std::string& address);

}  // namespace drydock
