// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.hpp"

#include <cstdlib>

namespace ferry::net {
namespace {

std::string environment(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    if (const char* value = std::getenv(name); value && *value) return value;
  }
  return {};
}

}  // namespace

ProxySettings ProxySettings::from_environment() {
  return {environment("HTTPS_PROXY", "https_proxy"), environment("NO_PROXY", "no_proxy")};
}

ProxySettings::ProxySettings(std::string https_proxy, std::string no_proxy)
    : https_proxy_(std::move(https_proxy)) {
  for (const std::string& item : split(no_proxy, ',')) {
    std::string_view host = trim(item);
    if (host.starts_with('.')) host.remove_prefix(1);
    if (!host.empty()) exempt_.push_back(to_lower(host));
  }
}

bool ProxySettings::is_exempt(std::string_view host) const {
  if (host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
      host == "::1") {
    return true;
  }
  for (const std::string& item : exempt_) {
    if (item == "*" || host == item || host.ends_with("." + item)) return true;
  }
  return false;
}

Result<std::optional<HttpProxy>> ProxySettings::proxy_for(const Url& url) const {
  if (https_proxy_.empty() || is_exempt(url.host)) return std::optional<HttpProxy>();
  std::string text = https_proxy_;
  if (text.find("://") == std::string::npos) text = "http://" + text;
  HttpProxy proxy;
  // The user part may hold a password: it must not reach an error text.
  const auto scheme_end = text.find("://") + 3;
  if (const auto at = text.find('@', scheme_end); at != std::string::npos) {
    const std::string user = percent_decode(text.substr(scheme_end, at - scheme_end));
    proxy.authorization = "Basic " + base64_encode(user);
    text.erase(scheme_end, at + 1 - scheme_end);
  }
  auto parsed = parse_url(text);
  if (!parsed || parsed->scheme != "http") {
    return fail(Error{Code::invalid_argument, "the proxy in HTTPS_PROXY is not usable",
                      "write it as http://host:port"});
  }
  proxy.host = parsed->host;
  proxy.port = parsed->port;
  return std::optional<HttpProxy>(std::move(proxy));
}

}  // namespace ferry::net
