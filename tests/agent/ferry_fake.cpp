// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/ferry_fake.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "x509/request.hpp"

namespace ferry::agent {
namespace {

net::HttpResponse answer(int status, const json::object& body) {
  net::HttpResponse response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

net::HttpResponse refuse(int status, std::string_view message) {
  return answer(status, {{"error", {{"code", "x"}, {"message", message}}}});
}

net::HttpResponse pending() {
  return answer(202,
                {{"status", "pending_approval"}, {"request_id", "request-1"}, {"retry_after", 1}});
}

x509::CertificateProfile profile(std::string name) {
  x509::CertificateProfile profile;
  profile.common_name = std::move(name);
  profile.not_before = SystemClock().now() - std::chrono::hours(2000);
  profile.not_after = SystemClock().now() + std::chrono::hours(2000);
  return profile;
}

}  // namespace

FerryFake::FerryFake(net::EventLoop& loop)
    : ca_key_(x509::PrivateKey::generate()), ca_([&] {
        auto content = profile("Ferry CA");
        content.ca = true;
        return x509::issue_self_signed(ca_key_, content).value();
      }()) {
  auto content = profile("ferry");
  content.server_auth = true;
  content.not_after -= std::chrono::hours(1);
  content.ip_addresses = {"127.0.0.1"};
  const auto key = x509::PrivateKey::generate();
  const auto server = x509::issue(ca_, x509::KeySigner(ca_key_), key.public_key(), content).value();
  auto tls = net::TlsServerContext::create(
      {.identity = {server.to_pem(), key.to_pem()}, .request_client_certificate = true});
  listener_ = *net::Listener::start(
      loop, "127.0.0.1", 0, *tls, [this](std::unique_ptr<net::Stream> stream) {
        return net::serve_http(std::move(stream),
                               [this](net::HttpRequest request) -> net::Task<net::HttpResponse> {
                                 co_return handle(request);
                               });
      });
}

net::HttpResponse FerryFake::handle(const net::HttpRequest& request) {
  if (away) return refuse(503, "away");
  if (request.path() == "/healthz") return answer(200, {});
  const auto body = parse_json_object(request.body).value_or(json::object());
  if (request.path() == "/auth/login_node") return log_in(body);
  if (request.path() == "/registration/azure/get_certificate") return certificate(request, body);
  if (request.peer.certificate_chain.empty()) return refuse(401, "no certificate");
  const auto leaf = x509::Certificate::from_pem(request.peer.certificate_chain.front()).value();
  const std::string presented = leaf.sha256_thumbprint();
  if (std::find(issued.begin(), issued.end(), presented) == issued.end()) {
    return refuse(401, "not of this Ferry");
  }
  if (request.path() == "/registration/renew") return renew(body, presented);
  if (request.path() == "/registration/status") return status(presented);
  return refuse(404, "no such path");
}

net::HttpResponse FerryFake::log_in(const json::object& body) {
  ++logins;
  hardware_ids.push_back(string_or(body, "hardware_id", ""));
  if (string_or(body, "token", "") != "token-1") return refuse(401, "the token is not valid");
  if (!issued.empty()) return refuse(401, "the token is used up");
  if (approvals_missing > 0) {
    --approvals_missing;
    return pending();
  }
  return answer(200, {{"access_token", "session-1"}, {"registration_id", "node-1"}});
}

net::HttpResponse FerryFake::certificate(const net::HttpRequest& request,
                                         const json::object& body) {
  if (request.headers.get_or("Authorization", "") != "Bearer session-1") {
    return refuse(401, "the session is not valid");
  }
  const std::string csr = string_or(body, "csr", "");
  const auto key = x509::CertificateRequest::from_pem(csr).value().public_key().to_pem();
  if (!keys.empty() && keys.front() != key) return refuse(401, "the session is used up");
  return answer(200, issue(csr, "token"));
}

net::HttpResponse FerryFake::renew(const json::object& body, const std::string& presented) {
  if (refuse_renewals > 0) {
    --refuse_renewals;
    return refuse(403, "the node is revoked");
  }
  if (!in_use.empty() && presented != in_use) return refuse(403, "another certificate is in use");
  if (approvals_missing > 0) {
    --approvals_missing;
    return pending();
  }
  const auto before = issued.size();
  auto issued_now = issue(string_or(body, "csr", ""), presented);
  renewals += static_cast<int>(issued.size() - before);
  if (lose_answers > 0) {
    --lose_answers;
    return refuse(503, "lost");
  }
  return answer(200, issued_now);
}

net::HttpResponse FerryFake::status(const std::string& presented) {
  if (presented == issued.back()) in_use = presented;
  if (presented != in_use) return refuse(403, "another certificate is in use");
  return answer(200, {{"registration_id", "node-1"}, {"state", "active"}, {"check_after", 3600}});
}

json::object FerryFake::issue(const std::string& csr_pem, const std::string& predecessor) {
  const auto csr = x509::CertificateRequest::from_pem(csr_pem).value();
  EXPECT_TRUE(csr.verify_self_signature());
  EXPECT_EQ(csr.subject_cn(), "node-1");
  std::string& chain = chains_[predecessor + csr.public_key().to_pem()];
  if (chain.empty()) {
    x509::CertificateProfile content;
    content.common_name = "node-1";
    content.client_auth = true;
    content.not_before = SystemClock().now() - age;
    content.not_after = SystemClock().now() + left;
    const auto leaf = x509::issue(ca_, x509::KeySigner(ca_key_), csr.public_key(), content).value();
    issued.push_back(leaf.sha256_thumbprint());
    keys.push_back(csr.public_key().to_pem());
    chain = leaf.to_pem() + ca_.to_pem();
  }
  json::object answer{{"registration_id", "node-1"},
                      {"full_chain", chain},
                      {"device_payload", json::object()},
                      {"provisioning_host", "dps.example"},
                      {"id_scope", "0ne0000abcd"}};
  if (renew_after) answer["renew_after"] = format_rfc3339(*renew_after);
  return answer;
}

}  // namespace ferry::agent
