// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle.hpp"

#include <cstdlib>

#include "base/file.hpp"
#include "base/json.hpp"

namespace ferry::agent {

void Bundle::use_environment() const {
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 0);
}

Result<Bundle> read_bundle(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return fail(Error(text.error()).with("read the bundle"));
  auto object = parse_json_object(*text);
  if (!object) return fail(std::move(object).error().with("read the bundle {}", path));
  if (int_or(*object, "version", 0) != 1) {
    return fail(Code::unsupported, "{} is no bundle that this ferry-agent understands", path);
  }
  auto server = require_string(*object, "server");
  if (!server) return fail(std::move(server).error().with("read the bundle {}", path));
  Bundle bundle;
  bundle.server = *std::move(server);
  bundle.server_ca_pem = string_or(*object, "serverCa", "");
  bundle.cloud_ca_pem = string_or(*object, "cloudCa", "");
  bundle.registration_id = string_or(*object, "registrationId", "");
  bundle.token = Secret(string_or(*object, "token", ""));
  if (const auto* environment = find_object(*object, "environment")) {
    for (const auto& [name, value] : *environment) {
      const bool ours = name.starts_with("FERRY_") && value.is_string();
      if (ours) bundle.environment.emplace_back(name, value.as_string());
    }
  }
  return bundle;
}

}  // namespace ferry::agent
