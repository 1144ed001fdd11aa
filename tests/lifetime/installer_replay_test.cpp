// SPDX-License-Identifier: Apache-2.0
// What open-source installers send, byte for byte, over real TLS to the real HTTP server; and the
// life after it over mutual TLS. Nothing of our own clients is in between.
#include <openssl/ssl.h>

#include <atomic>
#include <thread>

#include "api/https.hpp"
#include "api/server_identity.hpp"
#include "net/http_client.hpp"
#include "tests/control/scripted_cloud.hpp"
#include "x509/chain.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

class InstallerReplay : public ControlTest {
 protected:
  InstallerReplay() {
    make_group("line-1");
    const auto data = directory_ / "https";
    std::filesystem::create_directories(data);
    server_ = std::make_unique<api::Server>(*control_, clock_);
    auto identity = api::load_server_identity(data, {}, SystemClock());
    ca_pem_ = *read_file(data / "ca.pem");
    listener_ = *api::serve_https(*loop_, *server_, "127.0.0.1", 0, {*identity, ca_pem_}, nullptr);
  }
  ~InstallerReplay() override {
    listener_.reset();
    server_.reset();
  }

  net::Task<std::string> exchange(std::string bytes, std::optional<net::TlsIdentity> client) {
    auto tls = net::TlsClientContext::create(
        {.ca_pem = ca_pem_, .system_roots = false, .identity = std::move(client)});
    auto stream =
        co_await net::connect_tls(*tls, "localhost", listener_->port(), std::chrono::seconds(10));
    if (!stream) co_return stream.error().describe();
    auto written = co_await (*stream)->write(bytes);
    if (!written) co_return written.error().describe();
    std::string answer;
    char buffer[4096];
    while (true) {
      auto count = co_await (*stream)->read_some(buffer);
      if (!count || *count == 0) co_return answer;
      answer.append(buffer, *count);
    }
  }
  // The answer's head and body to these very bytes; `Connection: close` ends it.
  std::pair<std::string, json::object> send(const std::string& bytes,
                                            std::optional<net::TlsIdentity> client = {}) {
    const auto answer = loop_->run_until_done(exchange(bytes, std::move(client)));
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string::npos) return {answer, {}};
    return {answer.substr(0, end),
            parse_json_object(answer.substr(end + 4)).value_or(json::object())};
  }
  static std::string post(const std::string& path, const std::string& headers,
                          const std::string& body) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\nConnection: "
        "close\r\n\r\n{}",
        path, headers, body.size(), body);
  }
  std::string new_token(const std::string& name) {
    return control_->nodes.create(organization_, "plant-a", name, "line-1")->token.reveal();
  }
  static std::vector<std::string> members(const json::object& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object) names.emplace_back(name);
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string ca_pem_;
  std::unique_ptr<api::Server> server_;
  std::unique_ptr<net::Listener> listener_;
};

// The forms of the two requests that are met: curl with and without a content type, curl's form
// content type around JSON, Python's requests with its blanks, and a form.
TEST_F(InstallerReplay, OldClientsGetWhatTheyKnow) {
  const std::vector<std::pair<std::string, std::string>> logins = {
      {"Content-Type: application/json\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n",
       R"({{"token": "{}"}})"},
      {"Content-Type: application/x-www-form-urlencoded\r\n", R"({{"token":"{}"}})"},
      {"", R"({{"token":"{}"}})"},
      {"Content-Type: text/plain; charset=utf-8\r\n", " {{ \"token\" : \"{}\" }}\r\n"},
      {"Content-Type: application/x-www-form-urlencoded\r\n", "token={}"}};
  const std::vector<std::pair<std::string, std::string>> asks = {
      {"Content-Type: application/json\r\n", "{}"},
      {"", ""},
      {"Content-Type: text/plain\r\n", "{}"},
      {"Content-Type: application/octet-stream\r\n", "{ }\n"},
      {"", "{}"}};
  for (std::size_t i = 0; i < logins.size(); ++i) {
    const auto token = new_token(fmt::format("pump-{}", i));
    const auto [head, session] = send(post("/auth/login_node", logins[i].first,
                                           fmt::format(fmt::runtime(logins[i].second), token)));
    ASSERT_TRUE(head.starts_with("HTTP/1.1 200")) << i << ": " << head;
    EXPECT_EQ(members(session), (std::vector<std::string>{"access_token", "registration_id"}));
    const auto bearer = fmt::format("Authorization: Bearer {}\r\n{}",
                                    string_or(session, "access_token", ""), asks[i].first);
    const auto [status, issued] =
        send(post("/registration/azure/get_certificate", bearer, asks[i].second));
    ASSERT_TRUE(status.starts_with("HTTP/1.1 200")) << i << ": " << status;
    EXPECT_EQ(members(issued), (std::vector<std::string>{"device_payload", "full_chain", "id_scope",
                                                         "private_key", "provisioning_host"}));
    const auto key = x509::PrivateKey::from_pem(Secret(string_or(issued, "private_key", "")));
    const auto chain = x509::parse_chain(string_or(issued, "full_chain", ""));
    ASSERT_TRUE(key && chain);
    EXPECT_TRUE(chain->front().matches(*key));
    EXPECT_EQ(chain->front().subject_cn(), string_or(session, "registration_id", ""));
    const auto [again, refusal] = send(post("/auth/login_node", logins[i].first,
                                            fmt::format(fmt::runtime(logins[i].second), token)));
    EXPECT_TRUE(again.starts_with("HTTP/1.1 401")) << again;
    EXPECT_TRUE(refusal.contains("error"));
  }
}

TEST_F(InstallerReplay, ADeviceRenewsWithTheCertificateThatItHas) {
  const auto token = new_token("pump-7");
  const auto [head, session] =
      send(post("/auth/login_node", "", fmt::format(R"({{"token":"{}"}})", token)));
  const auto key = x509::PrivateKey::generate();
  const auto csr = [](const x509::PrivateKey& of) {
    return json::serialize(
        json::object{{"csr", x509::CertificateRequest::create(of, "x")->to_pem()}});
  };
  const auto [status, issued] =
      send(post("/registration/azure/get_certificate",
                fmt::format("Authorization: Bearer {}\r\n", string_or(session, "access_token", "")),
                csr(key)));
  ASSERT_TRUE(issued.contains("renew_after")) << status;
  EXPECT_FALSE(issued.contains("private_key"));
  const net::TlsIdentity identity{string_or(issued, "full_chain", ""), key.to_pem()};

  EXPECT_TRUE(send(post("/registration/status", "", "{}")).first.starts_with("HTTP/1.1 401"));
  const auto [known, answer] = send(post("/registration/status", "", "{}"), identity);
  EXPECT_TRUE(known.starts_with("HTTP/1.1 200")) << known;
  EXPECT_EQ(string_or(answer, "state", ""), "active");

  clock_.advance(std::chrono::days(370));  // expired, and the handshake must not care
  EXPECT_TRUE(
      send(post("/registration/status", "", "{}"), identity).first.starts_with("HTTP/1.1 403"));
  const auto fresh = x509::PrivateKey::generate();
  const auto [renewed, next] = send(post("/registration/renew", "", csr(fresh)), identity);
  ASSERT_TRUE(renewed.starts_with("HTTP/1.1 200")) << renewed;
  EXPECT_EQ(members(next), (std::vector<std::string>{"device_payload", "full_chain", "id_scope",
                                                     "provisioning_host", "registration_id",
                                                     "renew_after", "reprovision"}));
  clock_.advance(std::chrono::days(1000));
  const auto [late, waits] = send(post("/registration/renew", "", csr(fresh)), identity);
  EXPECT_TRUE(late.starts_with("HTTP/1.1 202")) << late;
  EXPECT_NE(late.find("Retry-After: 60"), std::string::npos);
  EXPECT_EQ(string_or(waits, "status", ""), "pending_approval");
}

// Clients that are threads of their own, on sockets of their own.
TEST_F(InstallerReplay, OfManyConnectionsWithOneTokenOneWins) {
  const auto token = new_token("pump-9");
  const std::string login = post("/auth/login_node", "", fmt::format(R"({{"token":"{}"}})", token));
  constexpr int kClients = 12;
  const auto one = [&](net::EventLoop& loop) -> bool {
    auto context = net::TlsClientContext::create({.ca_pem = ca_pem_, .system_roots = false});
    net::HttpClient http({.tls = *context});
    const std::string base = fmt::format("https://localhost:{}", listener_->port());
    auto session =
        loop.run_until_done(http.send({.method = "POST",
                                       .url = base + "/auth/login_node",
                                       .body = fmt::format(R"({{"token":"{}"}})", token)}));
    if (!session || session->status != 200) return false;
    const auto body = parse_json_object(session->body);
    const auto key = x509::PrivateKey::generate();
    net::HttpCall call{.method = "POST", .url = base + "/registration/azure/get_certificate"};
    call.headers.set("Authorization", "Bearer " + string_or(*body, "access_token", ""));
    call.body = json::serialize(
        json::object{{"csr", x509::CertificateRequest::create(key, "x")->to_pem()}});
    auto issued = loop.run_until_done(http.send(std::move(call)));
    return issued && issued->status == 200;
  };
  std::atomic<int> winners = 0;
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&] {
      net::EventLoop loop;
      if (one(loop)) ++winners;
      ++done;
    });
  }
  const auto wait = [&]() -> net::Task<bool> {
    while (done < kClients) co_await net::sleep_for(std::chrono::milliseconds(2));
    co_return true;
  };
  loop_->run_until_done(wait());
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(winners, 1);
}

}  // namespace
}  // namespace ferry::control
