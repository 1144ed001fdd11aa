// SPDX-License-Identifier: Apache-2.0
// Setting a device up and taking it away again, below a directory instead of /.
#include "agent/device_setup.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/systemd_units.hpp"
#include "base/id.hpp"

namespace ferry::agent {
namespace {

class DeviceSetup : public testing::Test {
 protected:
  DeviceSetup() : root_(std::filesystem::temp_directory_path() / random_id("ferry-setup")) {
    identity_.registration.server = "https://ferry.example:7443";
    identity_.registration.registration_id = "Node-1";
    identity_.registration.chain_pem = "CHAIN\n";
    identity_.registration.provisioning_host = "dps.example";
    identity_.registration.id_scope = "0ne0000abcd";
    identity_.registration.payload = json::object{{"ferry", {{"node", "n"}}}};
    identity_.key_pem = Secret("KEY\n");
    options_.root = root_;
    options_.program = "/usr/local/bin/ferry-agent";
    options_.data = "/var/lib/ferry-agent";
    options_.docker = "unix:///var/run/docker.sock";
    options_.network = "azure-iot-edge";
    options_.server_ca_pem = "FERRYS CA\n";
  }
  ~DeviceSetup() override {
    std::error_code error;
    std::filesystem::remove_all(root_, error);
  }
  Result<void> set_up() {
    auto deeds = setup_deeds(options_, identity_);
    if (!deeds) return fail(std::move(deeds).error());
    return deeds->carry_out([](std::string_view) {});
  }
  std::string text(const std::string& path) const {
    return read_file(root_ / path).value_or("(absent)");
  }
  mode_t mode(const std::string& path) const {
    struct stat status{};
    return ::stat((root_ / path).c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  std::filesystem::path root_;
  Identity identity_;
  SetupOptions options_;
};

TEST_F(DeviceSetup, GivesFerrysAgentAUnitAndNothingElse) {
  options_.runtime = "ferry";
  ASSERT_TRUE(set_up());
  const auto unit = text("etc/systemd/system/ferry-agent.service");
  EXPECT_NE(unit.find("ExecStart=\"/usr/local/bin/ferry-agent\" run --data "
                      "\"/var/lib/ferry-agent\" --docker \"unix:///var/run/docker.sock\""),
            std::string::npos)
      << unit;
  EXPECT_NE(unit.find("NoNewPrivileges=yes"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(root_ / "etc/aziot"));
  EXPECT_TRUE(setup_deeds(options_, identity_).value().empty()) << "done already";
}

TEST_F(DeviceSetup, EscapesWhatSystemdWouldReplace) {
  UnitOptions unit;
  unit.program = "/opt/100%/ferry-agent";
  unit.data = "/data/$HOME \"x\"";
  EXPECT_NE(
      agent_unit(unit).find("\"/opt/100%%/ferry-agent\" run --data \"/data/$$HOME \\\"x\\\"\""),
      std::string::npos)
      << agent_unit(unit);
}

TEST_F(DeviceSetup, GivesMicrosoftsRuntimeItsFilesWithTheRightModes) {
  options_.runtime = "iotedge";
  ASSERT_TRUE(set_up());
  EXPECT_EQ(text("var/aziot/secrets/ferry-identity.key.pem"), "KEY\n");
  EXPECT_EQ(mode("var/aziot/secrets/ferry-identity.key.pem"), 0600u);
  EXPECT_EQ(mode("var/aziot/secrets"), 0700u);
  EXPECT_EQ(text("var/aziot/certs/ferry-identity.pem"), "CHAIN\n");
  EXPECT_EQ(mode("var/aziot/certs/ferry-identity.pem"), 0644u);
  EXPECT_EQ(mode("etc/aziot/config.toml"), 0600u);
  EXPECT_NE(text("etc/aziot/config.toml").find("registration_id = \"node-1\""), std::string::npos);
  EXPECT_NE(text("etc/aziot/config.toml")
                .find("url = \"https://ferry.example:7443/.well-known/est/edge-ca\""),
            std::string::npos);
  EXPECT_EQ(text("var/aziot/certs/ferry-server-ca.pem"), "FERRYS CA\n");
  EXPECT_NE(text("etc/aziot/ferry-payload.json").find("\"node\": \"n\""), std::string::npos);
  EXPECT_NE(text("etc/systemd/system/ferry-agent-renew.timer").find("OnUnitActiveSec"),
            std::string::npos);
  EXPECT_TRUE(setup_deeds(options_, identity_).value().empty()) << "done already";
}

TEST_F(DeviceSetup, KeepsACopyOfTheConfigurationThatItChanges) {
  options_.runtime = "iotedge";
  ASSERT_TRUE(make_directories(root_ / "etc/aziot"));
  ASSERT_TRUE(write_file_atomically(root_ / "etc/aziot/config.toml", "# mine\na = 1\n", 0600));
  ASSERT_TRUE(set_up());
  int copies = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "etc/aziot")) {
    const bool copy = entry.path().string().find("before-ferry") != std::string::npos;
    if (copy) EXPECT_EQ(read_file(entry.path()).value(), "# mine\na = 1\n");
    copies += copy;
  }
  EXPECT_EQ(copies, 1);
  auto gone = teardown_deeds(root_);
  ASSERT_TRUE(gone);
  ASSERT_TRUE(gone->carry_out([](std::string_view) {}));
  EXPECT_EQ(text("etc/aziot/config.toml"), "# mine\na = 1\n");
  EXPECT_FALSE(std::filesystem::exists(root_ / "var/aziot/secrets/ferry-identity.key.pem"));
  EXPECT_FALSE(std::filesystem::exists(root_ / "var/aziot/certs/ferry-server-ca.pem"));
  EXPECT_FALSE(std::filesystem::exists(root_ / "etc/systemd/system/ferry-agent-renew.timer"));
  EXPECT_TRUE(teardown_deeds(root_).value().empty());
}

TEST_F(DeviceSetup, WritesARenewedCertificateOnceAndTheKeyFirst) {
  options_.runtime = "iotedge";
  ASSERT_TRUE(set_up());
  EXPECT_TRUE(edge_identity_deeds(root_, identity_).empty());
  identity_.registration.chain_pem = "NEW CHAIN\n";
  identity_.key_pem = Secret("NEW KEY\n");
  const auto deeds = edge_identity_deeds(root_, identity_);
  const auto plan = deeds.describe();
  EXPECT_LT(plan.find("key.pem"), plan.find("identity.pem"));
  EXPECT_EQ(plan.find("NEW KEY"), std::string::npos) << "no secret is shown";
  ASSERT_TRUE(deeds.carry_out([](std::string_view) {}));
  EXPECT_EQ(text("var/aziot/certs/ferry-identity.pem"), "NEW CHAIN\n");
}

}  // namespace
}  // namespace ferry::agent
