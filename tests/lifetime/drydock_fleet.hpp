// SPDX-License-Identifier: Apache-2.0
// Ferry's control plane over its real store, with Drydock's provisioning service and IoT Hub behind
// it, and devices that register with both; all in one process and without sockets. The clock is
// turned by hand.
#pragma once

#include "control/nodes/enrollment_groups.hpp"
#include "drydock/dps/service.hpp"
#include "tests/control/scripted_dps.hpp"
#include "tests/drydock/iot_hub/fixture.hpp"
#include "x509/request.hpp"

namespace ferry::control {

// What a device keeps on its disk.
struct Kept {
  Kept(x509::PrivateKey its_key, IssuedCertificate answer)
      : key(std::move(its_key)),
        issued(std::move(answer)),
        certificates(*x509::parse_chain(issued.full_chain)) {
    for (const auto& link : certificates) chain.push_back(link.to_pem());
  }
  x509::PrivateKey key;
  IssuedCertificate issued;
  std::vector<x509::Certificate> certificates;
  std::vector<std::string> chain;  // as TLS shows it
  const x509::Certificate& leaf() const { return certificates.front(); }
};

class DrydockFleet : public ControlTest {
 protected:
  DrydockFleet() {
    context_->rollover_poll = std::chrono::milliseconds(1);
    context_->hub_pace = {};
    open_cloud();
  }
  ~DrydockFleet() override { control_.reset(); }

  void open_cloud() {
    const auto data = directory_ / "drydock";
    std::filesystem::create_directories(data);
    auto events = drydock::event_hubs::EventStore::open(data / "events.db", loop_->executor());
    ASSERT_TRUE(events);
    auto hub = drydock::iot_hub::IotHubService::open(loop_->executor(), clock_, resources_,
                                                     endpoints_, *events, data);
    ASSERT_TRUE(hub);
    iot_hub_ = *std::move(hub);
    auto dps = drydock::dps::ProvisioningService::open(loop_->executor(), clock_, resources_,
                                                       endpoints_, *iot_hub_, data);
    ASSERT_TRUE(dps);
    dps_ = *std::move(dps);
    hub_.instead = [this](net::HttpCall call) { return carry(std::move(call)); };
    workspace_.hub_host = drydock::testing::kHubHost;
    workspace_.provisioning_service = drydock::testing::kDpsHost;
    workspace_.id_scope = "0ne0000ABCD";
    ASSERT_TRUE(context_->store.workspaces.update(workspace_));
    for (const auto& name : {secret_names::kHubKey, secret_names::kDpsKey}) {
      ASSERT_TRUE(context_->store.secrets.put(workspace_.id.str(), name, drydock::testing::kKey));
    }
  }

  // Ferry's requests: to Drydock by host, and to as much of a Resource Manager as CAs in DPS need.
  net::Task<net::HttpResponse> carry(net::HttpCall call) {
    const auto url = net::parse_url(call.url);
    // The account names no Resource Manager, so what is meant for it has no host.
    if (!url) co_return authorities_.answer(call).value_or(net::HttpResponse{.status = 404});
    net::HttpRequest request;
    request.method = call.method;
    request.target = url->target;
    request.headers = call.headers;
    request.headers.set("Host", url->host);
    request.body = call.body;
    if (url->host == drydock::testing::kDpsHost) {
      auto answer = co_await dps_->handle(std::move(request));
      co_return answer;
    }
    if (url->host == drydock::testing::kHubHost) {
      auto answer = co_await iot_hub_->handle(std::move(request));
      co_return answer;
    }
    co_return authorities_.answer(call).value_or(net::HttpResponse{.status = 404});
  }

  void make_enrolled_group(const std::string& name) {
    auto group = make_group(name);
    group.enrollment_group = group.id.str();
    ASSERT_TRUE(context_->store.groups.update(group));
    ASSERT_TRUE(loop_->run_until_done(write_enrollment_group(*context_, workspace_, group)));
  }

  static std::string csr(const x509::PrivateKey& key) {
    return x509::CertificateRequest::create(key, "node")->to_pem();
  }

  Kept register_node(const std::string& name, const std::string& group) {
    auto ticket = control_->nodes.create(organization_, "plant-a", name, group);
    EXPECT_TRUE(ticket) << ticket.error().describe();
    auto session = control_->registration.login_node({.token = ticket->token});
    EXPECT_TRUE(session) << session.error().describe();
    auto key = x509::PrivateKey::generate();
    auto issued = loop_->run_until_done(control_->registration.get_certificate(
        std::get<NodeSession>(*session).access_token, csr(key)));
    EXPECT_TRUE(issued) << issued.error().describe();
    return Kept(key, *std::move(issued));
  }

  net::HttpResponse ask_dps(const Kept& kept, std::string method, const std::string& path) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = fmt::format("/0ne0000ABCD/registrations/{}{}?api-version=2021-06-01",
                                 kept.issued.registration_id, path);
    request.headers.set("Host", drydock::Endpoints::provisioning_host());
    request.peer.certificate_chain = kept.chain;
    return loop_->run_until_done(dps_->handle(std::move(request)));
  }
  // "assigned", or what DPS said instead.
  std::string register_with_dps(const Kept& kept) {
    const auto begun = ask_dps(kept, "PUT", "/register");
    const auto body = parse_json_object(begun.body);
    if (begun.status != 202 || !body) return begun.body;
    const auto ended = ask_dps(kept, "GET", "/operations/" + string_or(*body, "operationId", ""));
    const auto state = parse_json_object(ended.body);
    return state ? string_or(*state, "status", ended.body) : ended.body;
  }

  net::Task<bool> breathe() {
    co_await net::sleep_for(std::chrono::milliseconds(4));
    co_return true;
  }

  drydock::testing::FakeDirectory resources_;
  drydock::Endpoints endpoints_;
  ScriptedDps authorities_;
  std::unique_ptr<drydock::iot_hub::IotHubService> iot_hub_;
  std::unique_ptr<drydock::dps::ProvisioningService> dps_;
};

}  // namespace ferry::control
