// SPDX-License-Identifier: Apache-2.0
// What a device asks of Ferry: the calls of docs/api.md, "Installer protocol".
#pragma once

#include <variant>

#include "agent/data_directory.hpp"
#include "agent/device_time.hpp"
#include "net/http_client.hpp"

namespace ferry::agent {

// 202: a person has to say yes first.
struct AwaitsApproval {
  std::chrono::seconds retry_after{};
  std::string request_id;
};

struct DeviceStatus {
  std::optional<Timestamp> renew_after;
  std::chrono::seconds check_after{};
};

class FerryServer {
 public:
  // Code::invalid_argument for an address that is none, or http:// to another machine: what carries
  // a secret goes over TLS. `http` is borrowed; for renew() and status() it presents the device's
  // certificate.
  static Result<FerryServer> at(net::HttpClient& http, std::string_view url);

  const std::string& url() const { return base_; }

  net::Task<Result<std::variant<InstallerSession, AwaitsApproval>>> log_in(
      PendingRegistration registration);
  net::Task<Result<Registration>> get_certificate(InstallerSession session, std::string csr_pem);
  net::Task<Result<std::variant<Registration, AwaitsApproval>>> renew(std::string csr_pem);
  net::Task<Result<DeviceStatus>> status();
  // The Date that the server answers with.
  net::Task<Result<Timestamp>> date();

 private:
  FerryServer(net::HttpClient& http, std::string base) : http_(&http), base_(std::move(base)) {}
  struct Answer {
    json::object body;
    std::optional<AwaitsApproval> awaits;
  };
  net::Task<Result<Answer>> post(std::string path, json::object body, Secret bearer);

  net::HttpClient* http_;
  std::string base_;
};

// When the clock is provably behind: asks the server, as device_time.hpp tells.
net::Task<Result<void>> find_time(AgentSettings settings, std::string server, DeviceTime& clock);

// The members of an answer that carries a certificate.
Result<Registration> read_registration(const json::object& answer, std::string server,
                                       std::string registration_id);

}  // namespace ferry::agent
