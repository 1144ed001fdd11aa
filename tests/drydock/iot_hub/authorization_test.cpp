// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/authorization.hpp"

#include "tests/drydock/iot_hub/fixture.hpp"
#include "x509/authority.hpp"

namespace drydock::testing {
namespace {

using iot_hub::EntityKey;
namespace x509 = ferry::x509;

// Knows one token, "good", of the principal "p".
class FakeVerifier final : public TokenVerifier {
 public:
  std::optional<TokenIdentity> verify(std::string_view jwt,
                                      const std::vector<std::string>& audiences) const override {
    if (jwt != "good" || audiences.empty()) return std::nullopt;
    return TokenIdentity{"p", "a", audiences.front()};
  }
};

class HubAuthorizationTest : public HubTest {
 protected:
  HubAuthorizationTest() { service_->trust(verifier_); }

  int status(std::string method, std::string target, const std::string& authorization,
             std::vector<std::string> chain = {}) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = {{"Host", std::string(kHubHost)}};
    if (!authorization.empty()) request.headers.set("Authorization", authorization);
    if (request.method == "PUT") request.body = "{}";
    request.peer.certificate_chain = std::move(chain);
    return send(std::move(request)).status;
  }
  // The keys of a new device or module.
  std::pair<ferry::Secret, ferry::Secret> create(const std::string& target) {
    const auto made = ferry::parse_json(call("PUT", target, json::object()).body).value();
    return {ferry::Secret(text_at(made, "authentication.symmetricKey.primaryKey")),
            ferry::Secret(text_at(made, "authentication.symmetricKey.secondaryKey"))};
  }
  std::string resource(std::string_view path) const { return fmt::format("{}{}", kHubHost, path); }

  FakeVerifier verifier_;
};

TEST_F(HubAuthorizationTest, ADevicesKeysAreGoodForItselfWhileTheTokenLasts) {
  const auto [primary, secondary] = create("/devices/d");
  create("/devices/e");
  const std::string own = resource("/devices/d");
  EXPECT_EQ(status("GET", "/devices/d/modules", sas(own, "", in_an_hour(), primary)), 200);
  EXPECT_EQ(status("GET", "/devices/d/modules", sas(own, "", in_an_hour(), secondary)), 200);
  EXPECT_EQ(status("GET", "/devices/d/modules", sas(own, "", in_an_hour() - 3600, primary)), 401);
  EXPECT_EQ(status("GET", "/devices/e/modules", sas(own, "", in_an_hour(), primary)), 401);
  EXPECT_EQ(status("GET", "/devices/d/modules", sas(own + "/modules/m", "", in_an_hour(), primary)),
            401)
      << "a token for something below it";
  EXPECT_EQ(status("GET", "/devices", sas(own, "", in_an_hour(), primary)), 401);
  EXPECT_EQ(status("GET", "/devices/d/modules", "SharedAccessSignature nonsense"), 401);
  directory_.device_sas = false;
  EXPECT_EQ(status("GET", "/devices/d/modules", sas(own, "", in_an_hour(), primary)), 401);
}

TEST_F(HubAuthorizationTest, APolicyGivesItsRightsBelowItsResource) {
  create("/devices/d");
  const auto of = [&](std::string_view policy, std::string_view path = "") {
    return sas(resource(path), policy, in_an_hour());
  };
  EXPECT_EQ(status("GET", "/devices/d", of("registryRead")), 200);
  EXPECT_EQ(status("PUT", "/devices/n", of("registryRead")), 401);
  EXPECT_EQ(status("GET", "/twins/d", of("service")), 200);
  EXPECT_EQ(status("GET", "/devices/d", of("service")), 401);
  EXPECT_EQ(status("GET", "/devices", of("registryRead", "/devices/d")), 401)
      << "a token for one device";
  directory_.local_auth = false;
  EXPECT_EQ(status("GET", "/devices/d", of("registryRead")), 401);
}

TEST_F(HubAuthorizationTest, EntraTokensCountByTheRolesOfTheirPrincipal) {
  create("/devices/d");
  EXPECT_EQ(status("GET", "/devices/d", "Bearer good"), 403);
  directory_.granted.insert(
      "p /subscriptions/s/IotHubs/testhub Microsoft.Devices/IotHubs/devices/read");
  EXPECT_EQ(status("GET", "/devices/d", "Bearer good"), 200);
  EXPECT_EQ(status("GET", "/devices/d", "bearer bad"), 401);
  EXPECT_EQ(status("PUT", "/devices/n", "Bearer good"), 403);
  EXPECT_EQ(status("GET", "/twins/d", "Bearer good"), 403);
}

// A root, an intermediate below it, and leaves below that.
class HubCaTest : public HubAuthorizationTest {
 protected:
  HubCaTest() {
    directory_.certificates = {{"root", root_.to_pem(), true}};
    const json::object by_ca{{"authentication", {{"type", "certificateAuthority"}}}};
    EXPECT_EQ(call("PUT", "/devices/press", by_ca).status, 200);
    EXPECT_EQ(call("PUT", "/devices/press/modules/eye", by_ca).status, 200);
  }
  x509::CertificateProfile profile(std::string name, bool is_ca) const {
    x509::CertificateProfile result;
    result.common_name = std::move(name);
    result.not_before = clock_.now() - std::chrono::hours(1);
    result.not_after = clock_.now() + std::chrono::hours(is_ca ? 3 : 2);
    result.ca = is_ca;
    result.client_auth = !is_ca;
    return result;
  }
  std::vector<std::string> chain(std::string name) {
    const auto leaf =
        x509::issue(line_, x509::KeySigner(line_key_), x509::PrivateKey::generate().public_key(),
                    profile(std::move(name), false));
    return {leaf.value().to_pem(), line_.to_pem()};
  }

  x509::PrivateKey root_key_ = x509::PrivateKey::generate();
  x509::PrivateKey line_key_ = x509::PrivateKey::generate();
  x509::Certificate root_ = x509::issue_self_signed(root_key_, profile("root", true)).value();
  x509::Certificate line_ =
      x509::issue(root_, x509::KeySigner(root_key_), line_key_.public_key(), profile("line", true))
          .value();
};

TEST_F(HubCaTest, ACertificateBelowAVerifiedCaIsItsDevice) {
  const auto own = chain("press");
  EXPECT_EQ(status("GET", "/devices/press/modules", "", own), 200);
  EXPECT_EQ(status("GET", "/devices/press/modules", "", chain("other")), 401);
  EXPECT_EQ(status("GET", "/devices/press/modules", "", {own[0]}), 401)
      << "the intermediate is missing";
  EXPECT_EQ(status("GET", "/devices/press/modules", ""), 401);
  clock_.advance(std::chrono::hours(3));
  EXPECT_EQ(status("GET", "/devices/press/modules", "", own), 401) << "expired";
}

TEST_F(HubCaTest, ACaThatIsNotVerifiedVouchesForNobody) {
  directory_.certificates[0].verified = false;
  EXPECT_EQ(status("GET", "/devices/press/modules", "", chain("press")), 401);
}

TEST_F(HubCaTest, AModulesCertificateNamesDeviceAndModule) {
  const auto judge = [&](const EntityKey& key, std::vector<std::string> presented) {
    iot_hub::Store store = iot_hub::Store::open(directory_path_ / "iot_hub.db").value();
    auto hub = std::make_shared<iot_hub::Hub>("testhub", loop_.executor(), clock_, store, nullptr);
    EXPECT_TRUE(hub->load());
    net::PeerInfo peer;
    peer.certificate_chain = std::move(presented);
    return iot_hub::authenticate_device(*directory_.find_hub("testhub"), *hub, key, "", peer)
        .has_value();
  };
  EXPECT_TRUE(judge({"press", "eye"}, chain("press/eye")));
  EXPECT_FALSE(judge({"press", "eye"}, chain("press")));
  EXPECT_FALSE(judge({"press", ""}, chain("press/eye")));
}

}  // namespace
}  // namespace drydock::testing
