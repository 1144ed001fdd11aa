// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/keys.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {
constexpr std::string_view kMask = "****";

bool names_a_key(std::string_view name) {
  return equals_ignore_case(name, "SharedAccessKey") || equals_ignore_case(name, "AccountKey");
}

const json::array& policies_of(const json::object& hidden) {
  static const json::array kEmpty;
  const json::array* policies = find_array(hidden, "policies");
  return policies == nullptr ? kEmpty : *policies;
}
}  // namespace

std::string random_key(std::size_t bytes) {
  return base64_encode(random_bytes(bytes));
}

json::object new_policy(std::string_view name, std::string_view rights) {
  constexpr std::size_t kKeySize = 32;
  return {{"keyName", name},
          {"primaryKey", random_key(kKeySize)},
          {"secondaryKey", random_key(kKeySize)},
          {"rights", rights}};
}

std::vector<SharedAccessPolicy> read_policies(const json::object& hidden) {
  std::vector<SharedAccessPolicy> policies;
  for (const json::value& item : policies_of(hidden)) {
    if (!item.is_object()) continue;
    const json::object& policy = item.get_object();
    policies.push_back(
        {string_or(policy, "keyName", ""), Secret(string_or(policy, "primaryKey", "")),
         Secret(string_or(policy, "secondaryKey", "")), string_or(policy, "rights", "")});
  }
  return policies;
}

ConnectionString parse_connection_string(std::string_view text) {
  ConnectionString parts;
  for (const std::string& part : split(text, ';')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) continue;
    parts[to_lower(trim(std::string_view(part).substr(0, equals)))] = part.substr(equals + 1);
  }
  return parts;
}

std::string masked(std::string_view connection_string) {
  std::string result;
  for (const std::string& part : split(connection_string, ';')) {
    if (!result.empty()) result += ';';
    const auto equals = part.find('=');
    const std::string_view name = std::string_view(part).substr(0, equals);
    result += names_a_key(name) ? fmt::format("{}={}", name, kMask) : part;
  }
  return result;
}

bool is_masked(std::string_view connection_string) {
  for (const auto& [name, value] : parse_connection_string(connection_string)) {
    if (names_a_key(name) && value == kMask) return true;
  }
  return false;
}

HttpResponse list_policies(const json::object& hidden) {
  return json_response(200, json::object{{"value", policies_of(hidden)}});
}

Answer find_policy(const json::object& hidden, std::string_view name, StatusForm form) {
  for (const json::value& item : policies_of(hidden)) {
    if (item.is_object() && equals_ignore_case(string_or(item.get_object(), "keyName", ""), name)) {
      return json_response(200, item);
    }
  }
  return refuse(devices_error(404001, fmt::format("There is no key named '{}'.", name), form));
}

std::string new_etag() {
  // The service's tags begin with zero bytes: a counter seen as 64 bits.
  return base64_encode(std::string(3, '\0') + random_bytes(5));
}

}  // namespace drydock::arm
