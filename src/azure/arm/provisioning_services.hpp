// SPDX-License-Identifier: Apache-2.0
// Microsoft.Devices/provisioningServices (DPS), api-version 2022-12-12, and its CA certificates.
#pragma once

#include <string>
#include <vector>

#include "azure/arm/client.hpp"
#include "azure/arm/resource_groups.hpp"
#include "azure/sas.hpp"

namespace ferry::azure::arm {

struct ProvisioningService {
  std::string id;
  std::string name;
  std::string location;
  std::string state;
  std::string id_scope;                  // "0ne........": what devices name
  std::string service_host;              // of the service REST
  std::string device_host;               // that devices register with
  std::vector<std::string> linked_hubs;  // host names
};

struct LinkedHub {
  std::string host_name;
  std::string location;
  Secret connection_string;  // of a policy with RegistryWrite, ServiceConnect and DeviceConnect
};

struct ProvisioningServiceSpec {
  std::string group;
  std::string name;
  std::string location;
  LinkedHub hub;
  Tags tags;
};

// Creates it with the hub linked; adds the link to one that is there without it, keeping others.
net::Task<Result<ProvisioningService>> ensure_provisioning_service(ArmClient& arm,
                                                                   ProvisioningServiceSpec spec,
                                                                   Progress progress = {});
// Links the hub with a service that is there, beside what is linked already. A link that is there
// is left alone unless `rewrite` says that its key or location is to be sent again. Whether
// anything was changed.
net::Task<Result<bool>> ensure_hub_link(ArmClient& arm, std::string service_id, LinkedHub hub,
                                        bool rewrite = false, Progress progress = {});
// Takes the link with the hub of this host name away. That there is none, or no service, is
// success.
net::Task<Result<void>> remove_hub_link(ArmClient& arm, std::string service_id,
                                        std::string host_name, Progress progress = {});
// Whether the hub of this host name is linked in a service's document.
bool has_hub_link(const json::object& service, std::string_view host_name);
net::Task<Result<ProvisioningService>> get_provisioning_service(ArmClient& arm, std::string group,
                                                                std::string name);
net::Task<Result<std::vector<SasKey>>> list_provisioning_service_keys(ArmClient& arm,
                                                                      ProvisioningService service);
// The policy "provisioningserviceowner".
net::Task<Result<SasKey>> get_provisioning_service_key(ArmClient& arm, ProvisioningService service,
                                                       std::string policy);
net::Task<Result<void>> remove_provisioning_service(ArmClient& arm, std::string group,
                                                    std::string name, Progress progress = {});
net::Task<Result<NameAvailability>> check_provisioning_service_name(ArmClient& arm,
                                                                    std::string name);

struct ServiceCertificate {
  std::string name;
  std::string etag;
  std::string thumbprint;  // SHA-1, upper-case hex
  bool verified = false;
  std::string verification_code;  // only from generate_verification_code
};

// Proof of possession: upload, take the code, sign a certificate whose CN is the code with the CA's
// key, verify. Etags change at each step and are carried in the returned value.
net::Task<Result<ServiceCertificate>> upload_certificate(ArmClient& arm, std::string service_id,
                                                         std::string name, std::string pem);
net::Task<Result<ServiceCertificate>> get_certificate(ArmClient& arm, std::string service_id,
                                                      std::string name);
net::Task<Result<ServiceCertificate>> generate_verification_code(ArmClient& arm,
                                                                 std::string service_id,
                                                                 ServiceCertificate certificate);
net::Task<Result<ServiceCertificate>> verify_certificate(ArmClient& arm, std::string service_id,
                                                         ServiceCertificate certificate,
                                                         std::string leaf_pem);
net::Task<Result<void>> remove_certificate(ArmClient& arm, std::string service_id,
                                           std::string name);

}  // namespace ferry::azure::arm
