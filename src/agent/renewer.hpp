// SPDX-License-Identifier: Apache-2.0
// Carries out what Renewal (renewal.hpp) decides: keeps its memory, the candidate's key and the
// candidate on disk, asks Ferry, tells Ferry when a new certificate is in use, and follows what
// Ferry's status says. Every step can be cut short by a loss of power and goes on at the next
// start.
#pragma once

#include "agent/device_time.hpp"
#include "agent/ferry_server.hpp"
#include "agent/identity.hpp"

namespace ferry::agent {

struct RenewerOptions {
  RenewalPolicy policy;
  // Registers the candidate with the provisioning service and shows it to the hub. Refusals are
  // Code::unauthenticated or permission_denied; everything else counts as "not now".
  std::function<net::Task<Result<void>>(Identity)> try_identity;
  // The candidate has become what identity_in_use() says.
  std::function<Result<void>(Identity)> adopted = [](Identity) { return Result<void>(); };
  std::function<void(std::string_view)> progress = [](std::string_view) {};
};

// Belongs to one loop; must outlive run(). Borrows `directory`.
class Renewer {
 public:
  static Result<std::unique_ptr<Renewer>> create(net::Executor executor,
                                                 const DataDirectory& directory,
                                                 std::shared_ptr<DeviceTime> clock,
                                                 RenewerOptions options);

  net::Task<void> run();  // until stop()
  void stop();

  // Does what is due now, up to the next wait, and says until when that is. An error is the last
  // failure on the way; what comes next is kept all the same.
  net::Task<Result<Timestamp>> run_once();
  // Renews whatever the dates say: with the next run_once(), or at once when run() is under way.
  Result<void> ask();

  const Renewal& renewal() const { return *renewal_; }

 private:
  Renewer(net::Executor executor, const DataDirectory& directory, std::shared_ptr<DeviceTime> clock,
          RenewerOptions options);
  Result<void> load();
  Result<void> remember();
  Result<void> use(Identity identity);
  net::Task<Result<void>> carry_out(Renewal::Step step);
  net::Task<Result<void>> request();
  net::Task<Result<void>> try_candidate();
  Result<void> adopt();
  net::Task<void> ask_status();
  Result<x509::PrivateKey> candidate_key();
  void note(const Error& error);

  const DataDirectory& directory_;
  std::shared_ptr<DeviceTime> clock_;
  RenewerOptions options_;
  AgentSettings settings_;
  std::optional<Identity> identity_;  // in use; set by load()
  net::HttpClient http_;              // presents it to Ferry
  std::optional<Renewal> renewal_;
  RenewalMemory remembered_;            // what is on disk
  std::optional<Timestamp> status_at_;  // empty: at once
  net::Notifier woken_;
  bool stopping_ = false;
};

}  // namespace ferry::agent
