// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "api/server.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace ferry::api {

struct HttpsIdentity {
  net::TlsIdentity server;
  std::string ca_pem;  // what signed it
};

// Serves `server` over TLS. Every client is asked for a certificate and none must have one: what it
// presents, expired or unknown as it may be, is in HttpRequest::peer, and the control plane judges
// it.
Result<std::unique_ptr<net::Listener>> serve_https(net::EventLoop& loop, Server& server,
                                                   const std::string& address, std::uint16_t port,
                                                   HttpsIdentity identity);

}  // namespace ferry::api
