// SPDX-License-Identifier: Apache-2.0
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "net/http_client.hpp"

namespace ferry::net {

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const std::uint16_t usual = scheme == "https" ? 443 : 80;
  return port == usual ? name : fmt::format("{}:{}", name, port);
}

std::string Url::str() const {
  return scheme + "://" + authority() + target;
}

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  // Not quoted in the error: a query may hold a signature.
  if (!parsed) return fail(Code::invalid_argument, "not an absolute URL");
  Url url;
  url.scheme = to_lower({parsed->scheme().data(), parsed->scheme().size()});
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(Code::invalid_argument, "URL scheme '{}' is not http or https", url.scheme);
  }
  url.host = to_lower(std::string(parsed->host_address()));
  if (url.host.empty()) return fail(Code::invalid_argument, "the URL has no host");
  url.port = parsed->has_port() && parsed->port_number() != 0
                 ? parsed->port_number()
                 : static_cast<std::uint16_t>(url.scheme == "https" ? 443 : 80);
  const std::string path(parsed->encoded_path());
  url.target = path.empty() ? "/" : path;
  if (parsed->has_query()) url.target += "?" + std::string(parsed->encoded_query());
  return url;
}

}  // namespace ferry::net
