// SPDX-License-Identifier: Apache-2.0
#include "drydock/environment.hpp"

#include "base/file.hpp"
#include "base/json.hpp"

namespace drydock {

using namespace ferry;

Result<void> write_environment(const std::filesystem::path& path, const Cloud& cloud,
                               const EnvironmentDetails& details) {
  const Endpoints& endpoints = cloud.endpoints();
  const Application& application = cloud.entra().application();
  json::object document{
      {"name", "Drydock"},
      {"resourceManager", endpoints.management_url()},
      {"activeDirectory", endpoints.login_url()},
      {"portal", endpoints.portal_url()},
      {"tenantId", application.tenant_id},
      {"subscriptionId", cloud.resource_manager().subscription_id()},
      {"clientId", application.client_id},
      {"clientSecret", application.client_secret.reveal()},
      {"caFile", details.ca_file.string()},
      {"deviceProvisioningHost", Endpoints::provisioning_host()},
      {"suffixes", json::object{{"storage", Endpoints::kStorageSuffix},
                                {"acrLoginServer", Endpoints::kRegistrySuffix},
                                {"iotHub", Endpoints::kHubSuffix},
                                {"deviceProvisioning", Endpoints::kProvisioningSuffix},
                                {"serviceBus", Endpoints::kServiceBusSuffix}}}};
  constexpr Endpoints kStandard;
  if (endpoints.https_port != kStandard.https_port || endpoints.mqtt_port != kStandard.mqtt_port ||
      endpoints.amqp_port != kStandard.amqp_port) {
    document["ports"] = json::object{{"https", endpoints.https_port},
                                     {"mqtt", endpoints.mqtt_port},
                                     {"amqp", endpoints.amqp_port}};
  }
  if (details.imds_port) {
    const std::string url = fmt::format("http://{}:{}", details.address, *details.imds_port);
    document["managedIdentity"] =
        json::object{{"podIdentityAuthorityHost", url},  // AZURE_POD_IDENTITY_AUTHORITY_HOST
                     {"identityEndpoint", url + "/msi/token"},
                     {"identityHeader", cloud.entra().identity_header().reveal()}};
  }
  return write_file_atomically(path, pretty_json(document), 0600);
}

}  // namespace drydock
