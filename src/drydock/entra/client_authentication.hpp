// SPDX-License-Identifier: Apache-2.0
// How a program proves at the token endpoint who it is: a secret, an assertion signed with its
// certificate's key (RFC 7523 s.3), or a token of an issuer that it is federated with.
#pragma once

#include "base/clock.hpp"
#include "drydock/entra/principals.hpp"
#include "drydock/entra/refusal.hpp"

namespace drydock::entra {

struct AuthenticatedClient {
  Principal principal;
  std::string_view proof;  // the claim `appidacr`: "1" a secret, "2" an assertion
};

Outcome<AuthenticatedClient> authenticate_client(Principals& principals,
                                                 const ferry::net::HttpRequest& request,
                                                 const ferry::FormFields& form,
                                                 const Endpoints& endpoints, ferry::Timestamp now);

// The client id of a request, in its form or in the Basic scheme (RFC 6749 s.2.3.1).
std::string client_id_of(const ferry::net::HttpRequest& request, const ferry::FormFields& form);

// Error 700016.
tl::unexpected<Refusal> unknown_application(std::string_view client_id, std::string_view tenant_id);

}  // namespace drydock::entra
