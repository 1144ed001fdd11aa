// SPDX-License-Identifier: Apache-2.0
// Private to net/: which HTTP proxy the environment prescribes.
#pragma once

#include "net/http_client.hpp"
#include "net/socket_stream.hpp"

namespace ferry::net {

// HTTPS_PROXY and NO_PROXY (or their lower-case forms) as curl reads them. Loopback is never
// proxied.
class ProxySettings {
 public:
  static ProxySettings from_environment();
  ProxySettings() = default;
  ProxySettings(std::string https_proxy, std::string no_proxy);
  // nullopt: connect directly. An unusable proxy URL is an error, not a silent direct connection.
  Result<std::optional<HttpProxy>> proxy_for(const Url& url) const;

 private:
  bool is_exempt(std::string_view host) const;
  std::string https_proxy_;
  std::vector<std::string> exempt_;
};

}  // namespace ferry::net
