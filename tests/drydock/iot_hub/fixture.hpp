// SPDX-License-Identifier: Apache-2.0
// A hub "testhub" and a provisioning service "testdps" without ARM around them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/event_hubs/partition.hpp"
#include "drydock/iot_hub/service.hpp"

namespace drydock::testing {

namespace json = ferry::json;
namespace net = ferry::net;

inline constexpr std::string_view kHubHost = "testhub.azure-devices.drydock.localhost";
inline constexpr std::string_view kDpsHost = "testdps.azure-devices-provisioning.drydock.localhost";
inline const ferry::Secret kKey{"MDEyMzQ1Njc4OWFiY2RlZg=="};

class FakeDirectory final : public Directory {
 public:
  std::optional<HubInfo> find_hub(std::string_view name) const override {
    if (!hub_exists || !name.starts_with("testhub")) return std::nullopt;
    const std::string host = std::string(name) + ".azure-devices.drydock.localhost";
    HubInfo info{std::string(name),
                 host,
                 "S1",
                 {{"iothubowner", kKey, kKey, "RegistryWrite, ServiceConnect, DeviceConnect"},
                  {"device", kKey, kKey, "DeviceConnect"},
                  {"registryRead", kKey, kKey, "RegistryRead"},
                  {"service", kKey, kKey, "ServiceConnect"}}};
    info.id = "/subscriptions/s/IotHubs/testhub";
    info.routing = routing;
    info.certificates = certificates;
    info.local_auth = local_auth;
    info.device_sas = device_sas;
    info.module_sas = module_sas;
    return info;
  }
  std::optional<ProvisioningServiceInfo> find_provisioning_service(
      std::string_view name) const override {
    if (name != "testdps") return std::nullopt;
    ProvisioningServiceInfo info;
    info.name = "testdps";
    info.host_name = kDpsHost;
    info.id_scope = "0ne0000ABCD";
    info.allocation_policy = "Hashed";
    info.linked_hubs = {std::string(kHubHost)};
    info.policies = {
        {"provisioningserviceowner", kKey, kKey, "ServiceConfig, DeviceConnect, EnrollmentWrite"}};
    info.certificates = certificates;
    return info;
  }
  std::optional<ProvisioningServiceInfo> find_provisioning_service_by_scope(
      std::string_view scope) const override {
    return scope == "0ne0000ABCD" ? find_provisioning_service("testdps") : std::nullopt;
  }
  std::optional<StorageAccountInfo> find_storage_account(std::string_view) const override {
    return std::nullopt;
  }
  std::optional<RegistryInfo> find_registry(std::string_view) const override {
    return std::nullopt;
  }
  bool grants_data_action(std::string_view principal, std::string_view scope,
                          std::string_view action) const override {
    return granted.contains(fmt::format("{} {} {}", principal, scope, action));
  }
  bool hub_exists = true;
  HubRouting routing;
  bool local_auth = true;
  bool device_sas = true;
  bool module_sas = true;
  std::set<std::string> granted;            // "principal scope action"
  std::vector<CaCertificate> certificates;  // of the provisioning service, and of the hub
};

inline std::string sas(std::string_view resource, std::string_view policy, std::int64_t expiry,
                       const ferry::Secret& key = kKey) {
  const std::string sr = ferry::percent_encode(resource);
  const std::string signature = ferry::base64_encode(ferry::hmac_sha256(
      ferry::base64_decode(key.reveal()).value(), fmt::format("{}\n{}", sr, expiry)));
  std::string token = fmt::format("SharedAccessSignature sr={}&sig={}&se={}", sr,
                                  ferry::percent_encode(signature), expiry);
  if (!policy.empty()) token += fmt::format("&skn={}", policy);
  return token;
}

class HubTest : public ::testing::Test {
 protected:
  HubTest() : directory_path_(std::filesystem::temp_directory_path() / ferry::random_id("hub")) {
    std::filesystem::create_directories(directory_path_);
    open();
  }
  ~HubTest() override {
    service_.reset();
    std::filesystem::remove_all(directory_path_);
  }

  void open() {
    service_.reset();
    events_.reset();
    auto events = event_hubs::EventStore::open(directory_path_ / "events.db", loop_.executor());
    ASSERT_TRUE(events) << events.error().describe();
    events_ = *std::move(events);
    auto service = iot_hub::IotHubService::open(loop_.executor(), clock_, directory_, endpoints_,
                                                events_, directory_path_);
    ASSERT_TRUE(service) << service.error().describe();
    service_ = *std::move(service);
  }

  std::int64_t in_an_hour() const { return ferry::unix_seconds(clock_.now()) + 3600; }

  net::HttpResponse send(net::HttpRequest request) {
    return loop_.run_until_done(service_->handle(std::move(request)));
  }
  net::HttpResponse call(std::string method, std::string target, json::value body = nullptr,
                         std::string if_match = "") {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target) + "?api-version=2021-04-12";
    request.headers = {{"Host", std::string(kHubHost)},
                       {"Authorization", sas(kHubHost, "iothubowner", in_an_hour())}};
    if (!if_match.empty()) request.headers.set("If-Match", if_match);
    if (!body.is_null()) request.body = json::serialize(body);
    return send(std::move(request));
  }
  json::value get(std::string target) {
    const auto response = call("GET", std::move(target));
    EXPECT_EQ(response.status, 200) << response.body;
    return ferry::parse_json(response.body).value_or(nullptr);
  }
  // What the device has sent to the built-in endpoint.
  std::vector<event_hubs::StoredEvent> built_in(std::string_view device) {
    return events_
        ->read(iot_hub::built_in_log("testhub"), event_hubs::partition_of(device, 4), -1, 100)
        .value();
  }
  json::value query(std::string_view text) {
    const auto response = call("POST", "/devices/query", json::object{{"query", text}});
    EXPECT_EQ(response.status, 200) << response.body;
    return ferry::parse_json(response.body).value_or(nullptr);
  }
  void create_edge_device(const std::string& id, const json::object& tags = {}) {
    auto response = call("PUT", "/devices/" + id,
                         json::object{{"deviceId", id}, {"capabilities", {{"iotEdge", true}}}});
    ASSERT_EQ(response.status, 200) << response.body;
    if (tags.empty()) return;
    response = call("PATCH", "/twins/" + id, json::object{{"tags", tags}});
    ASSERT_EQ(response.status, 200) << response.body;
  }

  ferry::ManualClock clock_{ferry::from_unix_seconds(1'795'000'000)};
  net::EventLoop loop_;
  FakeDirectory directory_;
  Endpoints endpoints_;
  std::filesystem::path directory_path_;
  std::shared_ptr<event_hubs::EventStore> events_;
  std::unique_ptr<iot_hub::IotHubService> service_;
};

// The text at a dotted path, or "" when there is none.
inline std::string text_at(const json::value& value, std::string_view path) {
  const json::value* found = ferry::find_path(value, path);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}
inline std::int64_t number_at(const json::value& value, std::string_view path) {
  const json::value* found = ferry::find_path(value, path);
  return found && found->is_int64() ? found->get_int64() : -1;
}
inline std::string error_name(const net::HttpResponse& response) {
  const auto body = ferry::parse_json(response.body);
  const std::string message = body ? text_at(*body, "Message") : "";
  const std::size_t semicolon = message.find(';');
  return message.starts_with("ErrorCode:") ? message.substr(10, semicolon - 10) : message;
}

}  // namespace drydock::testing
