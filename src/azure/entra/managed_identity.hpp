// SPDX-License-Identifier: Apache-2.0
// Managed identities: the token service of the Azure machine or App Service that Ferry runs on.
#pragma once

#include <string>

#include "azure/entra/token_source.hpp"

namespace ferry::azure {

// Where the platform's token service is. By IDENTITY_ENDPOINT and IDENTITY_HEADER (App Service,
// Container Apps), else the Instance Metadata Service, at AZURE_POD_IDENTITY_AUTHORITY_HOST or
// http://169.254.169.254.
struct ManagedIdentityHost {
  std::string endpoint;
  Secret header;  // of App Service; empty for the Instance Metadata Service
  bool app_service() const { return !header.empty(); }
};
ManagedIdentityHost managed_identity_host();

// Of the system-assigned identity, or of the user-assigned one with `client_id`. The Instance
// Metadata Service is asked again for up to 70 s while it is updated (410) or busy (404, 429, 5xx).
class ManagedIdentityTokenSource final : public CachedTokenSource {
 public:
  ManagedIdentityTokenSource(Pipeline& pipeline, ManagedIdentityHost host, std::string client_id);

 private:
  net::Task<Result<FreshToken>> fetch(std::string scope) override;
  Request request(const std::string& scope) const;
  ManagedIdentityHost host_;
  std::string client_id_;
};

// "https://management.azure.com/.default" -> "https://management.azure.com/": the older token
// services name a resource where the v2.0 endpoint takes a scope.
std::string resource_of(std::string_view scope);

}  // namespace ferry::azure
