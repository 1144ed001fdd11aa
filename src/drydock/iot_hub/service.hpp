// SPDX-License-Identifier: Apache-2.0
// Drydock's IoT Hubs: the service REST API and the MQTT endpoint of all hubs that ARM knows.
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"
#include "drydock/iot_hub/authorization.hpp"
#include "drydock/iot_hub/cloud_to_device.hpp"
#include "drydock/iot_hub/device_registry.hpp"
#include "drydock/iot_hub/jobs.hpp"
#include "drydock/iot_hub/message_router.hpp"
#include "drydock/iot_hub/methods.hpp"
#include "drydock/iot_hub/mqtt_link.hpp"
#include "drydock/iot_hub/store.hpp"
#include "net/router.hpp"

namespace drydock::iot_hub {

// Belongs to one loop. What it is given must outlive it; so must no connection.
class IotHubService final : public ResourceObserver, public DeviceRegistry, public HubGauge {
 public:
  // Keeps iot_hub.db, iot_hub_cloud_to_device.db and iot_hub_jobs.db in `data`, which must exist;
  // what devices send goes into `events`.
  static ferry::Result<std::unique_ptr<IotHubService>> open(
      ferry::net::Executor executor, const ferry::Clock& clock, const Directory& directory,
      const Endpoints& endpoints, std::shared_ptr<event_hubs::EventStore> events,
      const std::filesystem::path& data);
  ~IotHubService() override;

  // Answers for the hub that the Host header names.
  ferry::net::Task<ferry::net::HttpResponse> handle(ferry::net::HttpRequest request);
  // Serves a device from its CONNECT packet on.
  ferry::net::Task<void> serve_device(std::shared_ptr<MqttLink> link,
                                      ferry::net::mqtt::Connect connect);

  const std::shared_ptr<CloudToDevice>& cloud_to_device() const { return cloud_to_device_; }
  // Puts the message into the queue of a device of the hub; 404001 when there is none.
  Outcome<void> send_to_device(std::string_view hub, const std::string& device,
                               CloudToDeviceMessage message);

  // Whose tokens are good beside those of policies; without it no token of Entra is. Must outlive
  // this.
  void trust(const TokenVerifier& verifier) { verifier_ = &verifier; }

  // What devices change has its effect on deployments this much later at most, as on Azure, which
  // looks every five minutes; without it, at once. To be called before anything else.
  void evaluate_every(std::chrono::milliseconds interval) { evaluation_interval_ = interval; }

  HubNumbers numbers(std::string_view hub) override;
  EndpointRecord endpoint_record(std::string_view hub, std::string_view endpoint) const override;

  void on_deleted(ResourceKind kind, std::string_view name) override;
  Outcome<bool> provision(std::string_view hub, const ProvisionedDevice& device) override;
  std::optional<TwinData> twin_data(std::string_view hub, const std::string& device_id) override;
  Outcome<void> withdraw(std::string_view hub, const std::string& device_id) override;

 private:
  IotHubService(ferry::net::Executor executor, const ferry::Clock& clock,
                const Directory& directory, Store store,
                std::shared_ptr<event_hubs::EventStore> events,
                std::shared_ptr<CloudToDevice> cloud_to_device, std::shared_ptr<Jobs> jobs);
  static ferry::net::Task<void> evaluate(std::weak_ptr<Hub> hub,
                                         std::chrono::milliseconds interval);
  static ferry::net::Task<void> sweep(std::weak_ptr<CloudToDevice> cloud_to_device);
  // The hub's state, loaded at first use.
  Outcome<std::shared_ptr<Hub>> find_hub(const HubInfo& info);
  Outcome<DeviceProof> authorize(const struct Operation& operation, const HubInfo& info, Hub& hub,
                                 const ferry::net::HttpRequest& request,
                                 const ferry::net::RouteParameters& parameters) const;
  void notify_device(const std::string& hub, const std::string& device);
  ferry::net::Task<Outcome<ferry::net::HttpResponse>> perform(ferry::net::HttpRequest request);

  ferry::net::Executor executor_;
  const ferry::Clock& clock_;
  const Directory& directory_;
  const TokenVerifier* verifier_ = nullptr;
  Store store_;
  std::shared_ptr<event_hubs::EventStore> events_;
  std::shared_ptr<CloudToDevice> cloud_to_device_;
  MessageRouter message_router_;
  MethodCalls methods_;
  std::shared_ptr<Jobs> jobs_;
  ferry::net::Router router_;
  std::map<std::pair<std::string, std::string_view>, const struct Operation*> operations_;
  std::map<std::string, std::shared_ptr<Hub>> hubs_;
  std::optional<std::chrono::milliseconds> evaluation_interval_;
};

}  // namespace drydock::iot_hub
