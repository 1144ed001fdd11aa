// SPDX-License-Identifier: Apache-2.0
// The agent's life with the cloud: provisioning, the $edgeAgent session, coming back after every
// kind of loss. While it is away, the supervisor goes on by itself.
#pragma once

#include "agent/cloud_identity.hpp"
#include "agent/desired_properties.hpp"
#include "agent/twin_session.hpp"

namespace ferry::agent {

struct CloudLinkOptions {
  Registration registration;
  std::shared_ptr<const net::TlsClientContext> tls;  // with the device's certificate
  std::uint16_t mqtt_port = 8883;
  std::chrono::seconds token_lifetime{3600};
  std::chrono::seconds refresh_interval{3600};  // a whole twin is read this often in any case
};

// Belongs to one loop; must outlive run(). Borrows all references.
class CloudLink {
 public:
  CloudLink(net::Executor executor, const DataDirectory& directory, Supervisor& supervisor,
            Methods& methods, const Clock& clock, CloudLinkOptions options);

  net::Task<void> run();   // until stop()
  net::Task<void> stop();  // sends what is still to be reported, then disconnects
  void report_soon();      // Supervisor::report() may have changed

  // Registers with another certificate and shows it to the hub; the one in use goes on until use().
  net::Task<Result<void>> try_identity(Registration registration,
                                       std::shared_ptr<const net::TlsClientContext> tls);
  // From now on, with a connection of its own: the hub sees the new certificate, modules see
  // nothing.
  void use(Registration registration, std::shared_ptr<const net::TlsClientContext> tls);

 private:
  net::Task<Result<Assignment>> assigned();
  net::Task<Result<Assignment>> assign(net::HttpClient& http, Registration registration,
                                       std::optional<Assignment> kept);
  net::Task<Result<void>> live_once();
  net::Task<Result<std::shared_ptr<TwinSession>>> connect(Assignment assignment);
  net::Task<Result<void>> serve(std::shared_ptr<TwinSession> session);
  net::Task<Result<void>> refresh(std::shared_ptr<TwinSession> session);
  net::Task<void> report(std::shared_ptr<TwinSession> session);
  net::Task<void> pause(int failures);
  void on_desired(const json::object& patch, std::int64_t version);
  void note_failure(const Error& error);

  net::Executor executor_;
  const DataDirectory& directory_;
  Supervisor& supervisor_;
  Methods& methods_;
  const Clock& clock_;
  CloudLinkOptions options_;
  net::HttpClient http_;

  net::Notifier woken_;
  // Held while the device's place in the cloud is settled: two certificates must not both register.
  net::AsyncMutex identity_mutex_;
  bool reconnect_ = false;                // the certificate has changed
  std::shared_ptr<TwinSession> session_;  // while one is open
  DesiredProperties desired_;
  json::object reported_;  // what the hub is known to hold
  bool needs_refresh_ = false;
  bool report_due_ = false;
  bool report_again_after_error_ = false;
  bool provision_again_ = false;
  bool stopping_ = false;
  bool was_connected_ = false;
  int failures_ = 0;
};

// Between half of and the whole of min(1 s * 2^failures, 60 s); `random` is 0 to 65535.
std::chrono::milliseconds reconnect_delay(int failures, std::uint16_t random);

}  // namespace ferry::agent
