// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.hpp"
#include "oci/registry_client.hpp"

namespace ferry::oci {

std::map<std::string, std::string> parse_challenge(std::string_view header) {
  std::map<std::string, std::string> parameters;
  header = trim(header);
  const auto blank = header.find(' ');
  parameters["scheme"] = to_lower(header.substr(0, blank));
  std::string_view rest = blank == std::string_view::npos ? "" : header.substr(blank + 1);
  while (!(rest = trim(rest)).empty()) {
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) break;
    const std::string name = to_lower(trim(rest.substr(0, equals)));
    rest = trim(rest.substr(equals + 1));
    std::string value;
    if (!rest.empty() && rest.front() == '"') {
      std::size_t i = 1;
      for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        value += rest[i];
      }
      rest.remove_prefix(std::min(i + 1, rest.size()));
    } else {
      const auto comma = rest.find(',');
      value = std::string(trim(rest.substr(0, comma)));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma);
    }
    parameters[name] = std::move(value);
    rest = trim(rest);
    if (!rest.empty() && rest.front() == ',') rest.remove_prefix(1);
  }
  return parameters;
}

bool is_loopback(std::string_view host_and_port) {
  if (host_and_port.starts_with("[::1]")) return true;
  const std::string_view host = host_and_port.substr(0, host_and_port.find(':'));
  const bool v4 =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return v4 || host == "localhost" || host.ends_with(".localhost");
}

}  // namespace ferry::oci
