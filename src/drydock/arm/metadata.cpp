// SPDX-License-Identifier: Apache-2.0
// GET /metadata/endpoints: how tools learn the names of a cloud. 2015-01-01 is one small object,
// 2019-05-01 and later an array of clouds, 2022-09-01 and later one cloud alone.
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

namespace {

constexpr std::string_view kFirstArray = "2018";
constexpr std::string_view kSingleAgain = "2022-09-01";

json::object suffixes() {
  return {{"storage", Endpoints::kStorageSuffix},
          {"acrLoginServer", Endpoints::kRegistrySuffix},
          {"iotHub", Endpoints::kHubSuffix},
          {"deviceProvisioning", Endpoints::kProvisioningSuffix},
          {"serviceBus", Endpoints::kServiceBusSuffix}};
}

json::array audiences(const Context& context) {
  return {"https://management.core.windows.net/", "https://management.azure.com/",
          context.endpoints.management_url() + "/"};
}

json::object first_shape(const Context& context) {
  const Endpoints& endpoints = context.endpoints;
  // Clients of this shape cannot switch instance discovery off, except for ADFS.
  json::object authentication{{"loginEndpoint", endpoints.login_url() + "/adfs"},
                              {"audiences", audiences(context)}};
  return {{"galleryEndpoint", endpoints.management_url()},
          {"graphEndpoint", endpoints.management_url() + "/graph"},
          {"portalEndpoint", endpoints.portal_url()},
          {"authentication", std::move(authentication)}};
}

json::object full_shape(const Context& context) {
  const Endpoints& endpoints = context.endpoints;
  json::object authentication{{"loginEndpoint", endpoints.login_url()},
                              {"audiences", audiences(context)},
                              {"tenant", context.account.tenant_id},
                              {"identityProvider", "AAD"}};
  return {{"name", "Drydock"},
          {"portal", endpoints.portal_url()},
          {"resourceManager", endpoints.management_url()},
          {"authentication", std::move(authentication)},
          {"gallery", endpoints.management_url()},
          {"graph", endpoints.management_url() + "/graph"},
          {"graphAudience", endpoints.management_url() + "/graph"},
          {"microsoftGraphResourceId", endpoints.management_url() + "/graph"},
          {"deviceProvisioningHost", Endpoints::provisioning_host()},
          {"suffixes", suffixes()}};
}

}  // namespace

HttpResponse cloud_metadata(const Context& context, const HttpRequest& request) {
  const std::string version = request.query_value("api-version").value_or("");
  if (version.empty()) {
    return arm_error(400, "MissingApiVersionParameter",
                     "The api-version query parameter (?api-version=) is required for all "
                     "requests.");
  }
  if (version < kFirstArray) return json_response(200, first_shape(context));
  if (version < kSingleAgain) return json_response(200, json::array{full_shape(context)});
  return json_response(200, full_shape(context));
}

}  // namespace drydock::arm
