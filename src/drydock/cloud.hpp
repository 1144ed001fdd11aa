// SPDX-License-Identifier: Apache-2.0
// The local cloud put together: owns the services and gives each request to the one whose host name
// it asks for. Knows nothing of sockets.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "drydock/arm/arm.hpp"
#include "drydock/blob/service.hpp"
#include "drydock/dps/mqtt_gateway.hpp"
#include "drydock/dps/service.hpp"
#include "drydock/endpoints.hpp"
#include "drydock/entra/entra.hpp"
#include "drydock/event_hubs/service.hpp"
#include "drydock/faults/faults.hpp"
#include "drydock/iot_hub/service.hpp"
#include "drydock/messaging/service.hpp"
#include "drydock/registry/service.hpp"
#include "net/http.hpp"
#include "net/task.hpp"

namespace drydock {

struct CloudOptions {
  std::filesystem::path directory;  // exists; one database per service
  Endpoints endpoints;
  std::chrono::milliseconds operation_delay{150};  // of Resource Manager's long-running operations
  // Of IoT hubs' deployments; 0: every change has its effect at once.
  std::chrono::milliseconds evaluation_interval{0};
  bool enforce_limits = false;  // of Resource Manager: 429 when a budget is used up
};

class Cloud {
 public:
  // `loop` and `clock` must outlive it.
  static ferry::Result<std::unique_ptr<Cloud>> open(ferry::net::EventLoop& loop,
                                                    const ferry::Clock& clock,
                                                    CloudOptions options);
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  // A response with status 0 means that the connection is to be closed without an answer.
  ferry::net::Task<ferry::net::HttpResponse> handle_http(ferry::net::HttpRequest request);
  // At the port for managed identities, which has no TLS.
  ferry::net::Task<ferry::net::HttpResponse> handle_managed_identity(
      ferry::net::HttpRequest request);
  // A connection at the MQTT port, behind TLS, or one inside a WebSocket.
  ferry::net::Task<void> handle_mqtt(std::unique_ptr<ferry::net::Stream> stream);

  // A connection at the AMQP port, behind TLS.
  ferry::net::Task<void> handle_amqp(std::unique_ptr<ferry::net::Stream> stream);

  const Endpoints& endpoints() const { return options_.endpoints; }
  const Entra& entra() const { return *entra_; }
  const arm::Arm& resource_manager() const { return *arm_; }
  // What devices have sent by way of hubs' routes.
  const std::shared_ptr<event_hubs::EventStore>& events() const { return event_hubs_->store(); }
  // What goes wrong on demand. Shared with those who set faults and may outlive the cloud.
  const std::shared_ptr<Faults>& faults() { return faults_; }

 private:
  explicit Cloud(CloudOptions options) : options_(std::move(options)) {}
  // Ends what is due while nobody calls, as long as there is a Resource Manager.
  static ferry::net::Task<void> tick(std::weak_ptr<const arm::Arm> resource_manager);
  ferry::Result<void> open_services(ferry::net::EventLoop& loop, const ferry::Clock& clock);

  // Nothing for names that no service has.
  static std::optional<Service> service_of(std::string_view host);
  ferry::net::Task<ferry::net::HttpResponse> serve(Service service,
                                                   ferry::net::HttpRequest request);
  ferry::net::Task<ferry::net::HttpResponse> open_websocket(ferry::net::HttpRequest request);
  ferry::net::Task<ferry::net::HttpResponse> open_amqp_websocket(ferry::net::HttpRequest request);

  CloudOptions options_;
  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  // In the order in which they lean on one another.
  std::unique_ptr<Entra> entra_;
  std::shared_ptr<arm::Arm> arm_;
  std::unique_ptr<BlobService> blob_;
  std::unique_ptr<RegistryService> registry_;
  std::unique_ptr<event_hubs::EventHubsService> event_hubs_;
  std::unique_ptr<iot_hub::IotHubService> iot_hub_;
  std::unique_ptr<dps::ProvisioningService> provisioning_;
  std::unique_ptr<dps::MqttGateway> mqtt_;
  std::unique_ptr<messaging::MessagingService> messaging_;
};

}  // namespace drydock
