// SPDX-License-Identifier: Apache-2.0
// POST .../oauth2/v2.0/token and its v1 form: the grants client_credentials, device_code and
// refresh_token. POST .../devicecode begins a device login.
#pragma once

#include "base/clock.hpp"
#include "drydock/entra/issuer.hpp"
#include "drydock/entra/principals.hpp"
#include "drydock/entra/refusal.hpp"

namespace drydock::entra {

class TokenEndpoint {
 public:
  // What is referred to must outlive it.
  TokenEndpoint(Principals& principals, const Issuer& issuer, const Endpoints& endpoints,
                const ferry::Clock& clock);

  Outcome<ferry::net::HttpResponse> token(const ferry::net::HttpRequest& request);
  Outcome<ferry::net::HttpResponse> device_code(const ferry::net::HttpRequest& request);

 private:
  Outcome<ferry::net::HttpResponse> client_credentials(const ferry::net::HttpRequest& request,
                                                       const ferry::FormFields& form);
  Outcome<ferry::net::HttpResponse> device_login(const ferry::net::HttpRequest& request,
                                                 const ferry::FormFields& form);
  Outcome<ferry::net::HttpResponse> refresh(const ferry::net::HttpRequest& request,
                                            const ferry::FormFields& form);
  Outcome<void> require_public_client(std::string_view client_id);
  Outcome<ferry::net::HttpResponse> tokens_of_user(const Principal& user,
                                                   const std::string& client_id,
                                                   std::string_view scope);
  Outcome<std::string> new_refresh_token(const Principal& user, std::string_view client_id);

  Principals& principals_;
  const Issuer& issuer_;
  const Endpoints& endpoints_;
  const ferry::Clock& clock_;
};

}  // namespace drydock::entra
