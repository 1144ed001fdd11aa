// SPDX-License-Identifier: Apache-2.0
// As much of a DPS and its Resource Manager as authorities need: enrollment groups with their two
// certificates, and CA certificates with proof of possession.
#pragma once

#include "tests/control/scripted_cloud.hpp"
#include "x509/chain.hpp"

namespace ferry::control {

struct ScriptedDps {
  struct Group {
    std::string primary;
    std::string secondary;
    bool enabled = true;
    int version = 1;
  };
  struct Authority {
    std::string pem;
    std::string code;
    bool verified = false;
    int version = 1;
  };
  std::map<std::string, Group> groups;
  std::map<std::string, Authority> authorities;
  bool away = false;

  std::optional<net::HttpResponse> answer(const net::HttpCall& call) {
    const std::string path = call.url.substr(0, call.url.find('?'));
    if (path.find("/oauth2/v2.0/token") != std::string::npos) {
      return net::HttpResponse{
          .status = 200, .body = R"({"access_token":"t","expires_in":3600,"token_type":"Bearer"})"};
    }
    if (path.find("/enrollmentGroups/") != std::string::npos) {
      if (away) return net::HttpResponse{.status = 403};
      return answer_group(call, path.substr(path.rfind('/') + 1));
    }
    const auto place = path.find("/certificates/");
    if (place == std::string::npos) return std::nullopt;
    if (away) return net::HttpResponse{.status = 403};
    return answer_authority(call, path.substr(place + 14));
  }

 private:
  static std::string certificate_at(const json::object& body, const std::string& slot) {
    const auto* at =
        find_path(body, "attestation.x509.signingCertificates." + slot + ".certificate");
    return at && at->is_string() ? std::string(at->get_string()) : "";
  }

  net::HttpResponse answer_group(const net::HttpCall& call, const std::string& id) {
    if (call.method == "PUT") {
      const auto body = *parse_json_object(call.body);
      auto& group = groups[id];
      group = {certificate_at(body, "primary"), certificate_at(body, "secondary"),
               string_or(body, "provisioningStatus", "") == "enabled", group.version + 1};
    }
    if (!groups.contains(id)) return {.status = 404};
    const auto& group = groups[id];
    return {.status = 200,
            .body = json::serialize(
                json::object{{"enrollmentGroupId", id},
                             {"etag", fmt::format("\"{}\"", group.version)},
                             {"provisioningStatus", group.enabled ? "enabled" : "disabled"}})};
  }

  net::HttpResponse answer_authority(const net::HttpCall& call, std::string name) {
    const auto slash = name.find('/');
    const std::string action = slash == std::string::npos ? "" : name.substr(slash + 1);
    name.resize(std::min(slash, name.size()));
    if (call.method == "DELETE") {
      return {.status = authorities.erase(name) == 1 ? 200 : 404};
    }
    if (call.method == "PUT") {
      const auto body = *parse_json_object(call.body);
      authorities[name].pem =
          *base64_decode(find_path(body, "properties.certificate")->get_string());
    }
    if (!authorities.contains(name)) return {.status = 404};
    auto& authority = authorities[name];
    if (action == "generateVerificationCode") authority.code = "CODE-" + name;
    if (action == "verify") {
      const auto body = *parse_json_object(call.body);
      const auto proof = x509::Certificate::from_pem(
          *base64_decode(std::string(body.at("certificate").get_string())));
      const auto ca = x509::Certificate::from_pem(authority.pem);
      authority.verified =
          proof && ca && proof->signed_by(*ca) && proof->subject_cn() == authority.code;
    }
    ++authority.version;
    return {.status = 200,
            .body = json::serialize(json::object{
                {"name", name},
                {"etag", std::to_string(authority.version)},
                {"properties",
                 {{"isVerified", authority.verified}, {"verificationCode", authority.code}}}})};
  }
};

class DpsTest : public ControlTest {
 protected:
  DpsTest() {
    auto account = *context_->store.accounts.find(fleet::CloudAccountId("acct-1"));
    hub_.also = [this](const net::HttpCall& call) { return dps_.answer(call); };
    prepare();
  }
  void prepare() { context_->rollover_poll = std::chrono::milliseconds(1); }
  // Kills the process, as it were, and starts another.
  void restart() {
    open();
    prepare();
    ASSERT_TRUE(control_->resume());
  }

  net::Task<bool> pause() {
    co_await net::sleep_for(std::chrono::milliseconds(30));
    co_return true;
  }

  fleet::NodeGroup make_enrolled_group(const std::string& name) {
    auto group = make_group(name);
    group.enrollment_group = group.id.str();
    EXPECT_TRUE(context_->store.groups.update(group));
    return group;
  }
  fleet::Node make_node(const fleet::NodeGroup& group, const std::string& name) {
    fleet::Node node;
    node.id = fleet::NodeId(random_id("node"));
    node.workspace = workspace_.id;
    node.group = group.id;
    node.name = name;
    node.registration_id = name + "-reg";
    EXPECT_TRUE(context_->store.nodes.insert(node));
    renew(node);
    return node;
  }
  store::CertificateRecord renew(const fleet::Node& node) {
    auto record = issue_node_certificate(*context_, workspace_, node,
                                         x509::PrivateKey::generate().public_key());
    EXPECT_TRUE(record);
    EXPECT_TRUE(context_->store.certificates.insert(*record));
    return *record;
  }
  store::CertificateRecord authority_of(const std::string& owner) {
    return **context_->store.certificates.find_authority(owner);
  }
  // Lets the loop run until the rollover is in that state.
  void run_until(const std::string& id, const std::string& state) {
    const bool reached = loop_->run_until_done(wait_for(id, state));
    EXPECT_TRUE(reached) << "still " << control_->rollovers.get(organization_, id)->state;
  }
  net::Task<bool> wait_for(std::string id, std::string state) {
    for (int i = 0; i < 5000; ++i) {
      auto rollover = control_->rollovers.get(organization_, id);
      if (rollover && rollover->state == state) co_return true;
      co_await net::sleep_for(std::chrono::milliseconds(1));
    }
    co_return false;
  }

  ScriptedDps dps_;
};

}  // namespace ferry::control
