// SPDX-License-Identifier: Apache-2.0
// Tokens for programs that run on this machine, as Azure's platforms give them, over plain HTTP:
// - virtual machines: GET /metadata/identity/oauth2/token with the header "Metadata: true"
// - App Service and Functions: GET /msi/token with the header X-IDENTITY-HEADER (2019-08-01) or
//   secret (2017-09-01)
// The principal is the machine's own identity, or the managed identity that the request names.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "drydock/entra/issuer.hpp"
#include "drydock/entra/principals.hpp"
#include "net/http.hpp"

namespace drydock::entra {

class ManagedIdentityEndpoint {
 public:
  // What is referred to must outlive it. `app_service_key` is what X-IDENTITY-HEADER must hold.
  ManagedIdentityEndpoint(Principals& principals, const Issuer& issuer, const ferry::Clock& clock,
                          ferry::Secret app_service_key);

  ferry::net::HttpResponse answer(const ferry::net::HttpRequest& request);

 private:
  ferry::net::HttpResponse virtual_machine(const ferry::net::HttpRequest& request);
  ferry::net::HttpResponse app_service(const ferry::net::HttpRequest& request);
  // The identity that the request names, else the machine's; nothing when there is no such one.
  ferry::Result<std::optional<Principal>> identity_of(const ferry::net::HttpRequest& request);

  Principals& principals_;
  const Issuer& issuer_;
  const ferry::Clock& clock_;
  ferry::Secret app_service_key_;
};

}  // namespace drydock::entra
