// SPDX-License-Identifier: Apache-2.0
// Microsoft Entra ID of the local cloud: one tenant with its applications, a user and the
// identities of programs on this machine. Serves the v2.0 endpoints, the older v1 ones, and the
// same under /adfs, which is where clients look that cannot switch instance discovery off.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"
#include "drydock/entra/issuer.hpp"
#include "drydock/entra/managed_identity.hpp"
#include "drydock/entra/principals.hpp"
#include "drydock/entra/token_endpoint.hpp"
#include "net/http.hpp"

namespace drydock {

// The application that environment.json tells of.
struct Application {
  std::string tenant_id;
  std::string client_id;
  std::string object_id;  // of the service principal
  ferry::Secret client_secret;
};

class Entra final : public TokenVerifier {
 public:
  // Makes tenant, application and signing key on first use and keeps them in `database`.
  // `endpoints` and `clock` must outlive it.
  static ferry::Result<std::unique_ptr<Entra>> open(const std::filesystem::path& database,
                                                    const Endpoints& endpoints,
                                                    const ferry::Clock& clock);

  ferry::net::Task<ferry::net::HttpResponse> handle(ferry::net::HttpRequest request);
  // What the endpoint for managed identities is asked; it has a port of its own, without TLS.
  ferry::net::Task<ferry::net::HttpResponse> handle_managed_identity(
      ferry::net::HttpRequest request);
  std::optional<TokenIdentity> verify(std::string_view jwt,
                                      const std::vector<std::string>& audiences) const override;

  const Application& application() const { return application_; }
  // Object ids of those who own everything from the start: the application of environment.json and
  // the user. Everybody else has the rights that role assignments give.
  std::vector<std::string> owners() const;
  // Whether there is a principal of that object id. False when the database cannot be read.
  bool knows_principal(std::string_view object_id);
  // What X-IDENTITY-HEADER must hold at the endpoint for managed identities.
  const ferry::Secret& identity_header() const { return identity_header_; }

 private:
  Entra(entra::Principals principals, TokenSigner signer, const Endpoints& endpoints,
        const ferry::Clock& clock);
  ferry::net::HttpResponse answer(const ferry::net::HttpRequest& request);
  ferry::net::HttpResponse metadata(std::string_view tenant, bool version_2) const;
  ferry::net::HttpResponse instance_metadata(const ferry::net::HttpRequest& request) const;
  bool knows_tenant(std::string_view tenant) const;

  const Endpoints& endpoints_;
  const ferry::Clock& clock_;
  entra::Principals principals_;
  Application application_;
  ferry::Secret identity_header_;
  entra::Issuer issuer_;
  entra::TokenEndpoint tokens_;
  entra::ManagedIdentityEndpoint managed_identity_;
};

}  // namespace drydock
