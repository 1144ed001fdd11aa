// SPDX-License-Identifier: Apache-2.0
// Microsoft Entra ID of the local cloud: one tenant with one application (a service principal) that
// signs in with a client secret. Serves the v2.0 endpoints, the older v1 token endpoint, and the
// same under /adfs, which is where clients look that cannot switch instance discovery off.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/sqlite.hpp"
#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"
#include "drydock/entra/tokens.hpp"
#include "net/http.hpp"

namespace drydock {

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
  std::optional<TokenIdentity> verify(std::string_view jwt,
                                      const std::vector<std::string>& audiences) const override;
  const Application& application() const { return application_; }

 private:
  Entra(Application application, TokenSigner signer, const Endpoints& endpoints,
        const ferry::Clock& clock);
  ferry::net::HttpResponse answer(const ferry::net::HttpRequest& request) const;
  ferry::net::HttpResponse metadata(std::string_view tenant, bool version_2) const;
  ferry::net::HttpResponse instance_metadata() const;
  ferry::net::HttpResponse token(const ferry::net::HttpRequest& request) const;
  ferry::net::HttpResponse token_refusal(const ferry::net::HttpRequest& request, int status,
                                         std::string_view error, int number,
                                         std::string_view text) const;
  bool knows_tenant(std::string_view tenant) const;
  std::string issuer() const;
  std::string issue(const std::string& audience) const;

  Application application_;
  TokenSigner signer_;
  const Endpoints& endpoints_;
  const ferry::Clock& clock_;
};

}  // namespace drydock
