// SPDX-License-Identifier: Apache-2.0
// The whole local cloud over real sockets, as its clients find it.
#include "drydock/server.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "drydock/faults/control.hpp"
#include "net/http_client.hpp"
#include "x509/certificate.hpp"

namespace drydock {
namespace {

using namespace ferry;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/drydock-server-XXXXXX";
    directory_ = mkdtemp(pattern);
  }
  void TearDown() override {
    if (server_) stop();
    std::filesystem::remove_all(directory_);
  }
  Result<std::unique_ptr<Server>> try_start(std::uint16_t https_port = 0) {
    ServerOptions options;
    options.directory = directory_ / "data";
    options.address = "127.0.0.1";
    options.https_port = https_port;
    options.mqtt_port = 0;
    return Server::start(loop_, clock_, std::move(options));
  }
  void start() {
    auto started = try_start();
    ASSERT_TRUE(started) << started.error().describe();
    server_ = *std::move(started);
    auto text = read_file(directory_ / "data/environment.json");
    ASSERT_TRUE(text);
    environment_ = parse_json_object(*text).value();
    net::TlsClientOptions options;
    options.ca_pem = read_file(string_or(environment_, "caFile", "")).value();
    net::HttpClientOptions client;
    client.tls = net::TlsClientContext::create(options).value();
    client_.emplace(std::move(client));
  }
  void stop() {
    client_.reset();
    server_->stop_listening();
    loop_.run_until_done(pause());
    server_.reset();
  }
  static net::Task<int> pause() {
    co_await net::sleep_for(std::chrono::milliseconds(20));
    co_return 0;
  }
  net::HttpResponse send(std::string method, std::string url, std::string body = "",
                         net::Headers headers = {}) {
    net::HttpCall call;
    call.method = std::move(method);
    call.url = std::move(url);
    call.body = std::move(body);
    call.headers = std::move(headers);
    auto response = loop_.run_until_done(client_->send(std::move(call)));
    EXPECT_TRUE(response) << response.error().describe();
    return response ? *std::move(response) : net::HttpResponse();
  }
  std::string at(std::string_view name) const { return string_or(environment_, name, ""); }

  net::EventLoop loop_;
  SystemClock clock_;
  std::filesystem::path directory_;
  std::unique_ptr<Server> server_;
  std::optional<net::HttpClient> client_;
  json::object environment_;
};

TEST_F(ServerTest, LeadsFromItsEnvironmentFileToResourceManager) {
  start();
  struct stat status{};
  ASSERT_EQ(stat((directory_ / "data/environment.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);

  const FormFields form = {{"grant_type", "client_credentials"},
                           {"client_id", at("clientId")},
                           {"client_secret", at("clientSecret")},
                           {"scope", "https://management.azure.com//.default"}};
  const auto signed_in =
      send("POST", fmt::format("{}/{}/oauth2/v2.0/token", at("activeDirectory"), at("tenantId")),
           format_form(form), {{"Content-Type", "application/x-www-form-urlencoded"}});
  ASSERT_EQ(signed_in.status, 200) << signed_in.body;
  const auto token = parse_json_object(signed_in.body);
  ASSERT_TRUE(token);
  const auto subscription =
      send("GET",
           fmt::format("{}/subscriptions/{}?api-version=2022-12-01", at("resourceManager"),
                       at("subscriptionId")),
           "", {{"Authorization", "Bearer " + string_or(*token, "access_token", "")}});
  EXPECT_EQ(subscription.status, 200) << subscription.body;
}

TEST_F(ServerTest, AnswersForItsOwnNamesOnly) {
  start();
  const auto port = server_->cloud().endpoints().https_port;
  const auto get = [&](std::string_view host) {
    return send("GET", fmt::format("https://{}:{}/", host, port)).status;
  };
  EXPECT_EQ(get("portal.drydock.localhost"), 200);
  EXPECT_EQ(get("nobody.drydock.localhost"), 421);
  EXPECT_EQ(get("localhost"), 421);
  EXPECT_EQ(get("127.0.0.1"), 421);
}

TEST_F(ServerTest, ServesEveryKindOfNameWithOneCertificate) {
  start();
  const auto port = server_->cloud().endpoints().https_port;
  for (const std::string& host : {Endpoints::hub_host("hub"), Endpoints::provisioning_host(),
                                  Endpoints::provisioning_service_host("dps"),
                                  Endpoints::blob_host("quay"), Endpoints::registry_host("quay")}) {
    const auto response = send("GET", fmt::format("https://{}:{}/", host, port));
    EXPECT_GE(response.status, 400) << host;
    EXPECT_NE(response.status, 421) << host;
  }
}

TEST_F(ServerTest, OwnsItsDirectoryAndLeavesNoEnvironmentBehind) {
  start();
  auto second = try_start();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_FALSE(second.error().hint.empty());
  stop();
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data/environment.json"));
}

TEST_F(ServerTest, NamesThePortThatIsTaken) {
  auto listener = net::Listener::start(loop_, "127.0.0.1", 0, nullptr, {});
  ASSERT_TRUE(listener);
  auto started = try_start((*listener)->port());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::conflict);
  EXPECT_NE(started.error().hint.find("--https-port"), std::string::npos);
}

TEST_F(ServerTest, KeepsIdentityAndCertificateAcrossARestart) {
  start();
  const json::object before = environment_;
  const std::string ca = read_file(at("caFile")).value();
  stop();
  start();
  EXPECT_EQ(read_file(at("caFile")).value(), ca);
  for (const std::string_view name : {"tenantId", "subscriptionId", "clientId", "clientSecret"}) {
    EXPECT_EQ(at(name), string_or(before, name, "?")) << name;
  }
}

TEST_F(ServerTest, FailsOnDemand) {
  start();
  const ControlClient control(directory_ / "data");
  Fault fault;
  fault.service = Service::arm;
  fault.path = "/subscriptions";
  ASSERT_TRUE(loop_.run_until_done(control.add(fault)));
  fault.kind = Fault::Kind::reset;
  ASSERT_TRUE(loop_.run_until_done(control.add(fault)));
  const std::string url = at("resourceManager") + "/subscriptions?api-version=2022-12-01";
  EXPECT_EQ(send("GET", url).status, 503);

  net::HttpCall call;
  call.url = url;
  client_.reset();  // a kept connection that breaks is tried again, a new one is not
  net::TlsClientOptions options;
  options.ca_pem = read_file(at("caFile")).value();
  net::HttpClientOptions fresh;
  fresh.tls = net::TlsClientContext::create(options).value();
  client_.emplace(std::move(fresh));
  const auto lost = loop_.run_until_done(client_->send(std::move(call)));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::unavailable);
  EXPECT_EQ(send("GET", url).status, 401);
}

TEST_F(ServerTest, ListsItsNamesForTheHostsFile) {
  auto lines = hosts_file_lines(directory_ / "nothing-yet", "127.0.0.9");
  ASSERT_TRUE(lines) << lines.error().describe();
  EXPECT_NE(lines->find("127.0.0.9\tmanagement.drydock.localhost\n"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "nothing-yet"));
}

}  // namespace
}  // namespace drydock
