// SPDX-License-Identifier: Apache-2.0
#include "net/redaction.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"

namespace ferry::net {
namespace {

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(
      names, [&](std::string_view known) { return equals_ignore_case(known, name); });
}

// Members, form fields and query parameters whose value is a credential.
bool names_a_credential(std::string_view name) {
  static constexpr std::array<std::string_view, 23> kNames = {
      "access_token", "accessToken",      "accountKey",    "apiToken",
      "assertion",    "client_assertion", "client_secret", "clientSecret",
      "csrf",         "device_code",      "id_token",      "password",
      "primaryKey",   "private_key",      "privateKey",    "refresh_token",
      "refreshToken", "sasToken",         "secondaryKey",  "secret",
      "sig",          "signature",        "token"};
  return contains(kNames, name);
}

// In JSON "code" is the name of an error, in forms and queries it signs somebody in.
bool names_a_credential_of_a_form(std::string_view name) {
  return names_a_credential(name) || equals_ignore_case(name, "code");
}

// Lists whose items carry a credential in a member called "value": storage keys, registry
// passwords.
bool lists_credentials(std::string_view name) {
  static constexpr std::array<std::string_view, 2> kNames = {"keys", "passwords"};
  return contains(kNames, name);
}

// Connection strings and shared access signatures, wherever they occur in a text. What a service
// has masked itself stays as it is.
std::string redact_text(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kMarks = {
      "SharedAccessKey=", "AccountKey=", "SharedAccessSignature=", "sig=", "Password="};
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) return std::string(kRedacted);
  std::string result(text);
  for (const std::string_view mark : kMarks) {
    for (auto at = result.find(mark); at != std::string::npos; at = result.find(mark, at + 1)) {
      const auto begin = at + mark.size();
      const auto end = std::min(result.find_first_of(";&\" ", begin), result.size());
      if (std::string_view(result).substr(begin, end - begin) == "****") continue;
      result.replace(begin, end - begin, kRedacted);
    }
  }
  return result;
}

json::value redact_below(const json::value& value, std::string_view list);

json::object redact_object(const json::object& object, std::string_view list) {
  json::object result;
  for (const auto& [key, member] : object) {
    const std::string_view name(key.data(), key.size());
    const bool credential =
        names_a_credential(name) || (name == "value" && lists_credentials(list));
    if (credential && member.is_string() && !member.get_string().empty()) {
      result[key] = kRedacted;
    } else {
      result[key] = redact_below(member, name);
    }
  }
  return result;
}

json::value redact_below(const json::value& value, std::string_view list) {
  if (const auto* object = value.if_object()) return redact_object(*object, list);
  if (const auto* array = value.if_array()) {
    json::array items;
    for (const json::value& item : *array) items.push_back(redact_below(item, list));
    return items;
  }
  if (const auto* text = value.if_string()) return json::value(redact_text(*text));
  return value;
}

std::string redact_pairs(std::string_view pairs) {
  std::string result;
  for (const std::string& pair : split(pairs, '&')) {
    if (!result.empty()) result += '&';
    const auto equals = pair.find('=');
    const bool credential = equals != std::string::npos &&
                            names_a_credential_of_a_form(percent_decode(pair.substr(0, equals)));
    result += credential ? pair.substr(0, equals + 1) + std::string(kRedacted) : pair;
  }
  return result;
}

}  // namespace

std::string redact_header(std::string_view name, std::string_view value) {
  static constexpr std::array<std::string_view, 7> kWhole = {
      "Cookie", "Set-Cookie",           "Proxy-Authorization", "X-IDENTITY-HEADER",
      "secret", "IotHub-Authorization", "X-Ferry-CSRF"};
  if (equals_ignore_case(name, "Authorization")) {
    return std::string(value.substr(0, value.find(' '))) + " " + std::string(kRedacted);
  }
  if (contains(kWhole, name)) return std::string(kRedacted);
  return redact_text(value);
}

std::string redact_target(std::string_view target) {
  const auto question = target.find('?');
  if (question == std::string_view::npos) return std::string(target);
  return std::string(target.substr(0, question + 1)) + redact_pairs(target.substr(question + 1));
}

std::string redact_form(std::string_view body) {
  return redact_pairs(body);
}

json::value redact_json(const json::value& value) {
  return redact_below(value, "");
}

}  // namespace ferry::net
