// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "net/http.hpp"

namespace ferry::net {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case, IPv6 without brackets
  std::uint16_t port = 0;
  std::string target;             // path and query as given, at least "/"
  std::string authority() const;  // host, and port when it is not the scheme's
  std::string str() const;
};
Result<Url> parse_url(std::string_view text);

struct HttpCall {
  std::string method = "GET";
  std::string url;  // absolute; over a Unix socket the host part is only the Host header
  Headers headers;  // Host, Content-Length and User-Agent are added
  std::string body;
  std::chrono::milliseconds timeout{60'000};    // for the whole exchange; 0 is none
  std::size_t max_body = std::size_t{1} << 30;  // of the response
  // When set, gets the response body as it arrives (only for 2xx); HttpResponse::body stays empty.
  // Returning an error ends the exchange with it.
  std::function<Result<void>(std::string_view)> on_body;
};

struct HttpClientOptions {
  std::shared_ptr<const TlsClientContext> tls;  // needed for https
  std::string user_agent = "ferry/0.1";
  std::optional<std::filesystem::path> unix_socket;  // instead of TCP: the Docker Engine
  std::size_t idle_connections = 16;
};

// Keeps connections alive per (scheme, host, port). Belongs to one loop. Honours HTTPS_PROXY,
// HTTP_PROXY and NO_PROXY. Does not follow redirects and does not retry, except once when a kept
// connection turns out to be closed before any byte of the answer. An HTTP error status is not an
// Error: look at HttpResponse::status.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;  // calls under way go on
  Task<Result<HttpResponse>> send(HttpCall call);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::net
