// SPDX-License-Identifier: Apache-2.0
// Changing Microsoft's configuration without losing a statement or a comment of it. That the result
// is TOML is checked by another parser in tests/stories/device_install.sh.
#include "agent/edge_config.hpp"

#include <gtest/gtest.h>

namespace ferry::agent {
namespace {

EdgeProvisioning wanted() {
  return {"dps.example:8443", "0ne0000abcd",          "node-1",
          "/var/aziot/c.pem", "/var/aziot/a key.pem", "/etc/aziot/p.json"};
}

constexpr std::string_view kTemplate = R"(# The device's own name
hostname = "crane-07.plant.local"

# ==== provisioning ====
# [provisioning]
# source = "manual"

[agent] # the agent
name = "edgeAgent"
env = { "A" = "[provisioning]", B = '''
[provisioning]
''' }
list = [
  "x", # ] in a comment
  "[provisioning]",
]

[moby_runtime]
uri = "unix:///var/run/docker.sock"
)";

TEST(EdgeConfig, IsMadeWhenThereIsNone) {
  const auto text = with_provisioning("", wanted(), false).value();
  EXPECT_EQ(text,
            "# >>> Ferry: written by ferry-agent, which also renews the certificate; changes in "
            "here are lost\n"
            "[provisioning]\nsource = \"dps\"\n"
            "global_endpoint = \"https://dps.example:8443\"\nid_scope = \"0ne0000abcd\"\n"
            "payload = { uri = \"file:///etc/aziot/p.json\" }\n\n"
            "[provisioning.attestation]\nmethod = \"x509\"\nregistration_id = \"node-1\"\n"
            "identity_cert = \"file:///var/aziot/c.pem\"\n"
            "identity_pk = \"file:///var/aziot/a%20key.pem\"\n# <<< Ferry\n");
}

TEST(EdgeConfig, KeepsEveryOtherLineAsItIs) {
  const auto text = with_provisioning(kTemplate, wanted(), false).value();
  EXPECT_TRUE(text.starts_with(kTemplate)) << text;
  EXPECT_TRUE(line_difference(kTemplate, text).starts_with("+"))
      << line_difference(kTemplate, text);
}

TEST(EdgeConfig, IsTheSameTheSecondTimeAndGoneAfterwards) {
  const auto once = with_provisioning(kTemplate, wanted(), false).value();
  EXPECT_EQ(with_provisioning(once, wanted(), false).value(), once);
  EXPECT_EQ(without_provisioning(once).value(), kTemplate);
  EXPECT_FALSE(without_provisioning(kTemplate).value());
}

TEST(EdgeConfig, LeavesSomebodyElsesProvisioningAloneUnlessToldOtherwise) {
  const std::string theirs =
      "hostname = \"a\"\n\n# Manual provisioning with\n[provisioning]\nsource = \"manual\"\n"
      "connection_string = \"\"\"\nHostName=x\n\"\"\"\n# until here\n[provisioning.x.y]\nz = 1\n"
      "[ \"provisioning\" . attestation ]\nmethod = 'sas'\n\n[agent]\nname = \"edgeAgent\"\n";
  const auto refused = with_provisioning(theirs, wanted(), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::conflict);
  const auto text = with_provisioning(theirs, wanted(), true).value();
  EXPECT_EQ(text.find("manual"), std::string::npos);
  EXPECT_EQ(text.find("HostName"), std::string::npos);
  EXPECT_EQ(text.find("sas"), std::string::npos);
  EXPECT_NE(text.find("# until here"), std::string::npos) << "comments stay";
  EXPECT_NE(text.find("[agent]\nname = \"edgeAgent\"\n"), std::string::npos);
}

TEST(EdgeConfig, KnowsProvisioningByDottedKeysToo) {
  EXPECT_FALSE(with_provisioning("provisioning.source = \"manual\"\n", wanted(), false));
  const auto text =
      with_provisioning("provisioning.source = \"manual\"\na.provisioning = 1\n", wanted(), true);
  EXPECT_TRUE(text.value().starts_with("a.provisioning = 1\n"));
}

EdgeProvisioning wanted_with_edge_ca() {
  auto provisioning = wanted();
  provisioning.est_url = "https://ferry.example:7443/.well-known/est/edge-ca";
  provisioning.server_ca_path = "/var/aziot/certs/ferry.pem";
  return provisioning;
}

TEST(EdgeConfig, HasTheRuntimeGetAndRenewItsEdgeCaFromFerry) {
  const auto text = with_provisioning(kTemplate, wanted_with_edge_ca(), false).value();
  EXPECT_NE(text.find("[edge_ca]\nmethod = \"est\"\n"
                      "url = \"https://ferry.example:7443/.well-known/est/edge-ca\"\n"
                      "identity_cert = \"file:///var/aziot/c.pem\"\n"
                      "identity_pk = \"file:///var/aziot/a%20key.pem\"\n\n"
                      "[edge_ca.auto_renew]\nrotate_key = true\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("[cert_issuance.est]\ntrusted_certs = [\"file:///var/aziot/certs/ferry.pem\"]"),
      std::string::npos)
      << text;
  EXPECT_EQ(with_provisioning(text, wanted_with_edge_ca(), false).value(), text);
  EXPECT_EQ(without_provisioning(text).value(), kTemplate);
  EXPECT_FALSE(has_other_edge_ca(text).value());
}

TEST(EdgeConfig, LeavesAnEdgeCaThatSomebodyChose) {
  for (const std::string theirs : {"[edge_ca]\ncert = \"file:///a.pem\"\npk = \"file:///a.key\"\n",
                                   "edge_ca.auto_generated_edge_ca_expiry_days = 9\n",
                                   "[cert_issuance.est]\ntrusted_certs = []\n"}) {
    EXPECT_TRUE(has_other_edge_ca(theirs).value());
    const auto text = with_provisioning(theirs, wanted_with_edge_ca(), false).value();
    EXPECT_TRUE(text.starts_with(theirs)) << text;
    EXPECT_EQ(text, with_provisioning(theirs, wanted(), false).value());
    EXPECT_EQ(without_provisioning(text).value(), theirs);
  }
}

TEST(EdgeConfig, TouchesNothingThatItDoesNotUnderstand) {
  for (const char* broken : {"a = \"x\nb = 1\n", "a = [1,\n", "not toml\n", "= 1\n", "[]\n"}) {
    const auto refused = with_provisioning(broken, wanted(), true);
    ASSERT_FALSE(refused) << broken;
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
  }
}

TEST(EdgeConfig, QuotesWhatTomlWouldTakeForSomethingElse) {
  auto odd = wanted();
  odd.id_scope = "a\"b\\c\nd";
  const auto text = with_provisioning("", odd, false).value();
  EXPECT_NE(text.find("id_scope = \"a\\\"b\\\\c\\u000Ad\"\n"), std::string::npos) << text;
}

TEST(LineDifference, ShowsOnlyWhatChanges) {
  EXPECT_EQ(line_difference("a\nb\nc\n", "a\nx\nc\nd\n"), "-b\n+x\n+d\n");
  EXPECT_EQ(line_difference("a\n", "a\n"), "");
  EXPECT_EQ(line_difference("", "a\n"), "+a\n");
}

}  // namespace
}  // namespace ferry::agent
