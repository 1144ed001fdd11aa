// SPDX-License-Identifier: Apache-2.0
// Registration against a server in this process that fails at every step in turn; every failure
// stands for a device that lost power there, and the same command must finish afterwards.
#include "agent/register.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/id.hpp"
#include "net/http.hpp"
#include "x509/authority.hpp"
#include "x509/request.hpp"

namespace ferry::agent {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Task;

class InstallerServer {
 public:
  explicit InstallerServer(net::EventLoop& loop)
      : ca_key_(x509::PrivateKey::generate()), ca_(make_ca(ca_key_)) {
    auto listener = net::Listener::start(
        loop, "127.0.0.1", 0, nullptr, [this](std::unique_ptr<net::Stream> stream) {
          return net::serve_http(std::move(stream), [this](HttpRequest request) {
            return handle(std::move(request));
          });
        });
    listener_ = *std::move(listener);
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", listener_->port()); }

  int logins = 0;
  int issued = 0;
  bool refuse_login = false;
  bool lose_login_answer = false;
  bool refuse_certificate = false;
  bool lose_certificate_answer = false;  // it is issued, but the device never sees it
  bool issue_again_to_the_same_key = true;
  bool issue_for_another_key = false;
  std::string common_name;        // instead of the right one
  std::vector<std::string> keys;  // public keys of all requests

 private:
  static x509::Certificate make_ca(const x509::PrivateKey& key) {
    x509::CertificateProfile profile;
    profile.common_name = "Group CA";
    profile.ca = true;
    profile.not_before = SystemClock().now() - std::chrono::hours(1);
    profile.not_after = SystemClock().now() + std::chrono::hours(1000);
    return x509::issue_self_signed(key, profile).value();
  }

  static HttpResponse answer(int status, const json::object& body) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.body = json::serialize(body);
    return response;
  }
  static HttpResponse error(int status, std::string_view message) {
    return answer(status, {{"error", {{"code", "x"}, {"message", message}}}});
  }

  Task<HttpResponse> handle(HttpRequest request) {
    const auto body = parse_json_object(request.body).value();
    if (request.path() == "/auth/login_node") co_return log_in(body);
    if (request.path() == "/registration/azure/get_certificate") {
      co_return certificate(request, body);
    }
    co_return error(404, "no such path");
  }

  HttpResponse log_in(const json::object& body) {
    ++logins;
    if (string_or(body, "token", "") != "token-1" || refuse_login || used_up_) {
      return error(401, "the token is not valid");
    }
    session_ = fmt::format("session-{}", logins);
    if (lose_login_answer) return error(503, "lost");
    return answer(200, {{"access_token", session_}, {"registration_id", "node-1"}});
  }

  HttpResponse certificate(const HttpRequest& request, const json::object& body) {
    if (request.headers.get_or("Authorization", "") != "Bearer " + session_) {
      return error(401, "the session is not valid");
    }
    if (refuse_certificate) return error(503, "the authority is away");
    const auto csr = x509::CertificateRequest::from_pem(string_or(body, "csr", "")).value();
    EXPECT_TRUE(csr.verify_self_signature());
    EXPECT_EQ(csr.subject_cn(), "node-1");
    keys.push_back(csr.public_key().to_pem());
    const bool again = used_up_ && issue_again_to_the_same_key && keys.back() == keys.front();
    if (used_up_ && !again) return error(401, "the session is used up");
    used_up_ = true;
    ++issued;
    x509::CertificateProfile profile;
    profile.common_name = common_name.empty() ? "node-1" : common_name;
    profile.client_auth = true;
    profile.not_before = SystemClock().now() - std::chrono::minutes(5);
    profile.not_after = SystemClock().now() + std::chrono::hours(100);
    const auto subject =
        issue_for_another_key ? x509::PrivateKey::generate().public_key() : csr.public_key();
    const auto leaf = x509::issue(ca_, x509::KeySigner(ca_key_), subject, profile).value();
    if (lose_certificate_answer) return error(503, "lost");
    return answer(200, {{"full_chain", leaf.to_pem() + ca_.to_pem()},
                        {"device_payload", {{"site", "north"}}},
                        {"provisioning_host", "dps.example"},
                        {"id_scope", "0ne0000abcd"}});
  }

  x509::PrivateKey ca_key_;
  x509::Certificate ca_;
  std::unique_ptr<net::Listener> listener_;
  std::string session_ = "none";
  bool used_up_ = false;
};

class Register : public testing::Test {
 protected:
  Register() : server_(loop_) {
    path_ = std::filesystem::temp_directory_path() / random_id("ferry-agent-test");
  }
  ~Register() override {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  // One run of the command: all state is on disk.
  Result<RegisterOutcome> run() {
    auto directory = DataDirectory::open(path_);
    EXPECT_TRUE(directory);
    net::HttpClient http({});
    RegisterOptions options;
    options.server = server_.url();
    options.token = [this] {
      ++tokens_asked_for_;
      return Result<Secret>(Secret("token-1"));
    };
    return loop_.run_until_done(register_device(*directory, http, std::move(options)));
  }
  std::string key() { return read_file(path_ / "device.key.pem").value_or(""); }

  net::EventLoop loop_;
  InstallerServer server_;
  std::filesystem::path path_;
  int tokens_asked_for_ = 0;
};

TEST_F(Register, KeepsEverythingThatTheServerSaid) {
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().describe();
  EXPECT_FALSE(outcome->was_registered);
  const auto directory = DataDirectory::open_read_only(path_);
  const auto registration = existing_registration(*directory).value();
  ASSERT_TRUE(registration);
  EXPECT_EQ(registration->registration_id, "node-1");
  EXPECT_EQ(registration->provisioning_host, "dps.example");
  EXPECT_EQ(registration->id_scope, "0ne0000abcd");
  EXPECT_EQ(registration->payload, json::value(json::object{{"site", "north"}}));
  EXPECT_EQ(x509::parse_chain(registration->chain_pem).value().size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(path_ / "session.json"));
}

TEST_F(Register, HidesTheKeyFromOtherUsers) {
  ASSERT_TRUE(run());
  struct stat status{};
  ASSERT_EQ(::stat((path_ / "device.key.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(Register, SaysSoWhenItIsDoneAlready) {
  ASSERT_TRUE(run());
  const auto again = run();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->was_registered);
  EXPECT_EQ(tokens_asked_for_, 1);
  EXPECT_EQ(server_.logins, 1);
}

TEST_F(Register, GoesOnAfterPowerWasLostBeforeTheSession) {
  server_.lose_login_answer = true;
  EXPECT_FALSE(run());
  const std::string first_key = key();
  EXPECT_FALSE(first_key.empty());
  server_.lose_login_answer = false;
  ASSERT_TRUE(run());
  EXPECT_EQ(key(), first_key);
}

TEST_F(Register, GoesOnAfterPowerWasLostBeforeTheCertificate) {
  server_.refuse_certificate = true;
  EXPECT_FALSE(run());
  const std::string first_key = key();
  server_.refuse_certificate = false;
  ASSERT_TRUE(run());
  EXPECT_EQ(key(), first_key);
  EXPECT_EQ(tokens_asked_for_, 1);  // the session was still open
}

TEST_F(Register, GoesOnAfterPowerWasLostBetweenCertificateAndDisk) {
  server_.lose_certificate_answer = true;
  EXPECT_FALSE(run());
  server_.lose_certificate_answer = false;
  ASSERT_TRUE(run());
  EXPECT_EQ(server_.issued, 2);
  EXPECT_EQ(server_.keys[0], server_.keys[1]);
}

TEST_F(Register, SaysWhatToDoWhenTheTokenIsUsedUp) {
  server_.lose_certificate_answer = true;
  server_.issue_again_to_the_same_key = false;
  EXPECT_FALSE(run());
  server_.lose_certificate_answer = false;
  const auto again = run();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::unauthenticated);
  EXPECT_NE(again.error().hint.find("new token"), std::string::npos);
  EXPECT_EQ(again.error().describe().find("token-1"), std::string::npos);
}

TEST_F(Register, LogsInAgainWhenTheOpenSessionEndedMeanwhile) {
  server_.refuse_certificate = true;
  EXPECT_FALSE(run());
  server_.refuse_certificate = false;
  {
    const auto directory = DataDirectory::open(path_);
    ASSERT_TRUE(directory->save(InstallerSession{Secret("old"), "node-1"}));
  }
  ASSERT_TRUE(run());
  EXPECT_EQ(server_.logins, 2);
}

TEST_F(Register, RefusesACertificateThatIsNotItsOwn) {
  server_.issue_for_another_key = true;
  EXPECT_FALSE(run());
  EXPECT_FALSE(std::filesystem::exists(path_ / "registration.json"));
}

TEST_F(Register, RefusesACertificateForAnotherName) {
  server_.common_name = "node-2";
  EXPECT_FALSE(run());
  EXPECT_FALSE(std::filesystem::exists(path_ / "registration.json"));
}

TEST_F(Register, SendsNoTokenUnencryptedOverANetwork) {
  auto directory = DataDirectory::open(path_);
  net::HttpClient http({});
  RegisterOptions options;
  options.server = "http://ferry.example:8080";
  options.token = [] { return Result<Secret>(Secret("t")); };
  const auto outcome = loop_.run_until_done(register_device(*directory, http, std::move(options)));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::invalid_argument);
}

TEST_F(Register, LeavesADirectoryAloneThatAnotherProcessWorksIn) {
  const auto first = DataDirectory::open(path_);
  ASSERT_TRUE(first);
  const auto second = DataDirectory::open(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
}

TEST_F(Register, ReadsBackWhatItKnowsOfAssignmentAndModules) {
  const auto directory = DataDirectory::open(path_);
  ASSERT_TRUE(directory->save(Assignment{"hub.example:8443", "node-1", Secret("a2V5"), true}));
  const auto assignment = directory->load_assignment().value();
  ASSERT_TRUE(assignment);
  EXPECT_EQ(assignment->hub_host(), "hub.example");
  EXPECT_TRUE(assignment->key_is_set);
  LocalState state;
  state.records["pump"].restart_count = 3;
  state.records["pump"].stopped_on_purpose = true;
  state.images.insert("a@sha256:1");
  ASSERT_TRUE(directory->save(state));
  const auto loaded = directory->load_state().value();
  EXPECT_EQ(loaded.records.at("pump").restart_count, 3);
  EXPECT_TRUE(loaded.records.at("pump").stopped_on_purpose);
  EXPECT_EQ(loaded.images, state.images);
  ASSERT_TRUE(write_file_atomically(path_ / "state.json", "{half", 0600));
  EXPECT_FALSE(directory->load_state());
}

}  // namespace
}  // namespace ferry::agent
