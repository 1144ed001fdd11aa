// SPDX-License-Identifier: Apache-2.0
#include "azure/sas.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::azure {
namespace {

std::string_view without_port(std::string_view host) {
  return host.substr(0, host.find(':'));
}

}  // namespace

Secret SasKey::connection_string() const {
  return Secret(fmt::format("HostName={};SharedAccessKeyName={};SharedAccessKey={}", host, policy,
                            key.reveal()));
}

Result<SasKey> parse_connection_string(const Secret& text) {
  SasKey key;
  for (const std::string& item : split(text.reveal(), ';')) {
    const auto equals = item.find('=');  // the first one: base64 ends with more of them
    if (equals == std::string::npos) continue;
    const std::string_view name = std::string_view(item).substr(0, equals);
    std::string value = item.substr(equals + 1);
    if (equals_ignore_case(name, "HostName"))
      key.host = std::move(value);
    else if (equals_ignore_case(name, "SharedAccessKeyName"))
      key.policy = std::move(value);
    else if (equals_ignore_case(name, "SharedAccessKey"))
      key.key = Secret(std::move(value));
  }
  if (key.host.empty() || key.policy.empty() || key.key.empty()) {
    return fail(Code::invalid_argument,
                "the connection string lacks HostName, SharedAccessKeyName or SharedAccessKey");
  }
  return key;
}

Result<Secret> sas_token(std::string_view resource, const SasKey& key, Timestamp expiry) {
  auto raw_key = base64_decode(key.key.reveal());
  if (!raw_key || raw_key->empty()) {
    return fail(Code::invalid_argument, "the key of policy {} of {} is not base64", key.policy,
                key.host);
  }
  const std::string encoded = percent_encode(resource);
  const std::string se = std::to_string(unix_seconds(expiry));
  const std::string signature = base64_encode(hmac_sha256(*raw_key, encoded + "\n" + se));
  std::string token = fmt::format("SharedAccessSignature sr={}&sig={}&se={}", encoded,
                                  percent_encode(signature), se);
  if (!key.policy.empty()) token += "&skn=" + percent_encode(key.policy);
  return Secret(std::move(token));
}

Authorize authorize_with_sas(SasKey key, const Clock& clock) {
  return [key = std::move(key), &clock](net::HttpCall& call) -> net::Task<Result<void>> {
    auto token = sas_token(without_port(key.host), key, clock.now() + std::chrono::hours(1));
    if (!token) co_return fail(std::move(token).error());
    call.headers.set("Authorization", token->reveal());
    co_return Result<void>();
  };
}

}  // namespace ferry::azure
