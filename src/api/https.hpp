// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "api/server.hpp"
#include "net/http_recorder.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace ferry::api {

struct HttpsIdentity {
  net::TlsIdentity server;
  std::string ca_pem;  // what signed it
};

// Serves `server` over TLS. Every client is asked for a certificate and none must have one: what it
// presents, expired or unknown as it may be, is in HttpRequest::peer, and the control plane judges
// it. What is asked and answered goes to `recorder`, unless that is null.
Result<std::unique_ptr<net::Listener>> serve_https(net::EventLoop& loop, Server& server,
                                                   const std::string& address, std::uint16_t port,
                                                   HttpsIdentity identity,
                                                   std::shared_ptr<net::HttpRecorder> recorder);

}  // namespace ferry::api
