// SPDX-License-Identifier: Apache-2.0
// As much of Ferry as a device sees in its life, over TLS, with the rules of docs/api.md: a token
// is good until its certificate was issued, a repeated request for the same key gets the same
// certificate, and an old certificate is no good once `status` came with the new one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/data_directory.hpp"
#include "net/http.hpp"
#include "x509/authority.hpp"

namespace ferry::agent {

class FerryFake {
 public:
  explicit FerryFake(net::EventLoop& loop);

  std::string url() const { return fmt::format("https://127.0.0.1:{}", listener_->port()); }
  std::string ca_pem() const { return ca_.to_pem(); }

  // Certificates that are issued from now on: how far their life lies back and ahead.
  std::chrono::minutes age{5};
  std::chrono::hours left{100};
  std::optional<Timestamp> renew_after;

  int approvals_missing = 0;  // so many logins or renewals are answered with 202
  int refuse_renewals = 0;    // with 403
  int lose_answers = 0;       // of renewals: issued, but 503
  bool away = false;          // 503 to everything

  int logins = 0;
  int renewals = 0;                       // issued
  std::vector<std::string> issued;        // thumbprints, without repetitions
  std::vector<std::string> keys;          // public keys of the requests for them
  std::string in_use;                     // the thumbprint of the last status
  std::vector<std::string> hardware_ids;  // of logins

  net::HttpResponse handle(const net::HttpRequest& request);

 private:
  net::HttpResponse log_in(const json::object& body);
  net::HttpResponse certificate(const net::HttpRequest& request, const json::object& body);
  net::HttpResponse renew(const json::object& body, const std::string& presented);
  net::HttpResponse status(const std::string& presented);
  json::object issue(const std::string& csr_pem, const std::string& predecessor);

  x509::PrivateKey ca_key_;
  x509::Certificate ca_;
  std::unique_ptr<net::Listener> listener_;
  std::map<std::string, std::string> chains_;  // predecessor + public key -> chain
};

}  // namespace ferry::agent
