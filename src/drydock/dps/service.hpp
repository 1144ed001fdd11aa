// SPDX-License-Identifier: Apache-2.0
// Drydock's Device Provisioning Services: the device API over HTTPS and MQTT, selected by id scope,
// and the service REST API of enrollments and registrations, selected by host name.
#pragma once

#include <filesystem>
#include <memory>

#include "drydock/directory.hpp"
#include "drydock/dps/registrar.hpp"
#include "drydock/endpoints.hpp"
#include "drydock/iot_hub/mqtt_link.hpp"
#include "net/router.hpp"

namespace drydock::dps {

// Belongs to one loop. What it is given must outlive it; so must no connection.
class ProvisioningService final : public ResourceObserver {
 public:
  // Keeps dps.db in `data`, which must exist. Devices are created through `hubs`.
  static ferry::Result<std::unique_ptr<ProvisioningService>> open(
      ferry::net::Executor executor, const ferry::Clock& clock, const Directory& directory,
      const Endpoints& endpoints, iot_hub::DeviceRegistry& hubs, const std::filesystem::path& data);

  // For the global device endpoint and for the service endpoint of each instance.
  ferry::net::Task<ferry::net::HttpResponse> handle(ferry::net::HttpRequest request);
  // Serves a device from its CONNECT packet on.
  ferry::net::Task<void> serve_device(std::shared_ptr<iot_hub::MqttLink> link,
                                      ferry::net::mqtt::Connect connect);

  void on_deleted(ResourceKind kind, std::string_view name) override;

 private:
  struct Call {
    const ferry::net::HttpRequest& request;
    const ferry::net::RouteParameters& parameters;
    ProvisioningServiceInfo info;
    EnrollmentKind kind = EnrollmentKind::group;
    std::string service() const;  // lower-case name
  };
  using Answer = Outcome<ferry::net::HttpResponse>;
  struct Operation {
    std::string_view method;
    std::string_view pattern;
    std::string_view right;  // of a policy; empty for the device API
    EnrollmentKind kind;
    Answer (ProvisioningService::*run)(const Call&);
  };
  static std::span<const Operation> operations();

  ProvisioningService(const ferry::Clock& clock, const Directory& directory, Store store,
                      iot_hub::DeviceRegistry& hubs);
  Answer perform(const ferry::net::HttpRequest& request);
  Outcome<ProvisioningServiceInfo> select(const Operation& operation,
                                          const ferry::net::HttpRequest& request,
                                          const ferry::net::RouteParameters& parameters) const;

  Answer register_device(const Call& call);
  Answer operation_status(const Call& call);
  Answer look_up_registration(const Call& call);
  enum class Write { create, update, either };
  // Its document as the service gives it.
  Outcome<json::object> write_enrollment(const Call& call, const std::string& id,
                                         const json::object& body, Write write,
                                         const std::string& etag);
  Outcome<void> erase_enrollment(const Call& call, const std::string& id, const std::string& etag);
  Answer put_enrollment(const Call& call);
  Answer get_enrollment(const Call& call);
  Answer delete_enrollment(const Call& call);
  Answer change_many(const Call& call);  // bulk.cpp
  Answer query_enrollments(const Call& call);
  Answer attestation_mechanism(const Call& call);
  Answer query_registrations(const Call& call);
  Answer get_registration(const Call& call);
  Answer delete_registration(const Call& call);

  void handle_publish(iot_hub::MqttLink& link, const ferry::net::mqtt::Publish& publish,
                      const std::string& scope, const std::string& registration_id,
                      const Proof& proof);

  const ferry::Clock& clock_;
  const Directory& directory_;
  Store store_;
  Registrar registrar_;
  ferry::net::Router router_;
  std::map<std::pair<std::string, std::string_view>, const Operation*> operations_;
};

// Whether a CONNECT user name is one for the provisioning service:
// "{idScope}/registrations/{registrationId}/api-version=...".
bool is_provisioning_user_name(std::string_view user_name);

}  // namespace drydock::dps
