// SPDX-License-Identifier: Apache-2.0
#include "api/https.hpp"

#include "net/http.hpp"

namespace ferry::api {

Result<std::unique_ptr<net::Listener>> serve_https(net::EventLoop& loop, Server& server,
                                                   const std::string& address, std::uint16_t port,
                                                   HttpsIdentity identity,
                                                   std::shared_ptr<net::HttpRecorder> recorder) {
  // ferryd's CA signs no client, so naming it keeps browsers from asking their users for one.
  auto tls = net::TlsServerContext::create({.identity = std::move(identity.server),
                                            .request_client_certificate = true,
                                            .asked_issuers_pem = std::move(identity.ca_pem)});
  if (!tls) return fail(std::move(tls).error());
  net::HttpServerOptions limits;
  limits.max_body = Server::kMaxUpload;
  net::HttpHandler answer = [&server](net::HttpRequest request) {
    return server.handle(std::move(request));
  };
  if (recorder) answer = net::HttpRecorder::wrap(std::move(recorder), std::move(answer));
  const auto handler = [answer, limits](std::unique_ptr<net::Stream> stream) {
    return net::serve_http(std::move(stream), answer, limits);
  };
  return net::Listener::start(loop, address, port, *std::move(tls), handler);
}

}  // namespace ferry::api
