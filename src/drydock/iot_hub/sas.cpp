// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/sas.hpp"

#include <charconv>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::Code;
using ferry::fail;

// What was signed is the expiry as written, so only its canonical decimal form is taken.
bool parse_seconds(std::string_view text, std::int64_t& seconds) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc() && end == text.data() + text.size() &&
         std::to_string(seconds) == text;
}

// "hub:8443/devices/x" means the same resource as "hub/devices/x".
std::string without_port(std::string resource) {
  const std::size_t host_end = std::min(resource.find('/'), resource.size());
  const std::size_t colon = resource.find(':');
  if (colon < host_end) resource.erase(colon, host_end - colon);
  return resource;
}

bool signature_matches(const SasToken& token, std::string_view key) {
  const auto signature = ferry::base64_decode(token.signature);
  if (!signature) return false;
  const std::string signed_text = fmt::format("{}\n{}", token.raw_resource, token.expiry);
  return ferry::constant_time_equal(ferry::hmac_sha256(key, signed_text), *signature);
}

}  // namespace

ferry::Result<SasToken> parse_sas(std::string_view text) {
  constexpr std::string_view kScheme = "SharedAccessSignature ";
  if (text.size() < kScheme.size() ||
      !ferry::equals_ignore_case(text.substr(0, kScheme.size()), kScheme)) {
    return fail(Code::unauthenticated, "a SharedAccessSignature is needed");
  }
  SasToken token;
  bool expiry_seen = false;
  for (const std::string& item : ferry::split(ferry::trim(text.substr(kScheme.size())), '&')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) continue;
    const std::string_view name = std::string_view(item).substr(0, equals);
    const std::string_view value = std::string_view(item).substr(equals + 1);
    if (name == "sr") {
      token.raw_resource = value;
      token.resource = without_port(ferry::to_lower(ferry::percent_decode(value)));
    } else if (name == "sig") {
      token.signature = ferry::percent_decode(value);
    } else if (name == "se") {
      expiry_seen = parse_seconds(value, token.expiry);
    } else if (name == "skn") {
      token.policy = ferry::percent_decode(value);
    }
  }
  if (token.raw_resource.empty() || token.signature.empty() || !expiry_seen) {
    return fail(Code::unauthenticated, "the shared access signature lacks sr, sig or se");
  }
  return token;
}

bool signed_with(const SasToken& token, const ferry::Secret& base64_key) {
  if (base64_key.empty()) return false;
  const auto key = ferry::base64_decode(base64_key.reveal());
  return key && signature_matches(token, *key);
}

bool signed_with_text(const SasToken& token, const ferry::Secret& key) {
  return !key.empty() && signature_matches(token, key.reveal());
}

bool is_expired(const SasToken& token, ferry::Timestamp now) {
  return token.expiry <= ferry::unix_seconds(now);
}

bool covers(const SasToken& token, std::string_view resource) {
  const std::string wanted = ferry::to_lower(resource);
  std::string_view above = token.resource;
  while (above.ends_with('/')) above.remove_suffix(1);
  return wanted.starts_with(above) &&
         (wanted.size() == above.size() || wanted[above.size()] == '/');
}

}  // namespace drydock::iot_hub
