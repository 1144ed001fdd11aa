// SPDX-License-Identifier: Apache-2.0
#include "azure/blob/shared_key.hpp"

#include <algorithm>
#include <map>

#include "base/crypto.hpp"

namespace ferry::azure {
namespace {

// The order is part of the protocol.
constexpr const char* kHeaderLines[] = {"Content-Encoding",
                                        "Content-Language",
                                        "Content-Length",
                                        "Content-MD5",
                                        "Content-Type",
                                        "Date",
                                        "If-Modified-Since",
                                        "If-Match",
                                        "If-None-Match",
                                        "If-Unmodified-Since",
                                        "Range"};

std::string header_line(const net::HttpCall& call, std::string_view name) {
  if (name == "Content-Length") {
    return call.body.empty() ? std::string() : std::to_string(call.body.size());
  }
  // With x-ms-date the Date line stays empty.
  if (name == "Date" && call.headers.contains("x-ms-date")) return {};
  return std::string(trim(call.headers.get_or(name, "")));
}

std::string canonical_headers(const net::HttpCall& call) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : call.headers.fields()) {
    std::string lower = to_lower(name);
    if (lower.compare(0, 5, "x-ms-") != 0) continue;
    const std::string trimmed(trim(value));
    auto [place, fresh] = headers.emplace(std::move(lower), trimmed);
    if (!fresh) place->second += "," + trimmed;
  }
  std::string text;
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  return text;
}

std::string canonical_resource(const net::Url& url, std::string_view account) {
  const auto question = url.target.find('?');
  std::string text = fmt::format("/{}{}", account, url.target.substr(0, question));
  if (question == std::string::npos) return text;
  std::map<std::string, std::vector<std::string>> parameters;
  for (auto& [name, value] : parse_form(url.target.substr(question + 1))) {
    parameters[to_lower(name)].push_back(value);
  }
  for (auto& [name, values] : parameters) {
    std::sort(values.begin(), values.end());
    text += "\n" + name + ":";
    for (std::size_t i = 0; i < values.size(); ++i) text += (i ? "," : "") + values[i];
  }
  return text;
}

// "127.evil.example" begins with the same digits.
bool is_loopback_v4(std::string_view host) {
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// Https, or plain http that stays on this machine (emulators).
bool travels_safely(const std::string& text) {
  const auto url = net::parse_url(text);
  if (!url) return false;
  constexpr std::string_view kLocal = ".localhost";
  const std::string& host = url->host;
  const bool named_local = host.size() > kLocal.size() && host.ends_with(kLocal);
  return url->scheme == "https" || host == "localhost" || host == "::1" || is_loopback_v4(host) ||
         named_local;
}

}  // namespace

Result<std::string> string_to_sign(const net::HttpCall& call, std::string_view account) {
  auto url = net::parse_url(call.url);
  if (!url) return fail(std::move(url).error());
  std::string text = call.method + "\n";
  for (const char* name : kHeaderLines) text += header_line(call, name) + "\n";
  return text + canonical_headers(call) + canonical_resource(*url, account);
}

Authorize authorize_with_shared_key(StorageKey key, const Clock& clock) {
  return [key = std::move(key), &clock](net::HttpCall& call) -> net::Task<Result<void>> {
    if (!travels_safely(call.url)) {
      co_return fail(Code::permission_denied, "refused to send blobs over plain http to {}",
                     call.url.substr(0, call.url.find('?')));
    }
    auto raw_key = base64_decode(key.key.reveal());
    if (!raw_key || raw_key->empty()) {
      co_return fail(Code::invalid_argument, "the key of storage account {} is not base64",
                     key.account);
    }
    call.headers.set("x-ms-date", format_rfc1123(clock.now()));
    auto text = string_to_sign(call, key.account);
    if (!text) co_return fail(std::move(text).error());
    call.headers.set("Authorization", fmt::format("SharedKey {}:{}", key.account,
                                                  base64_encode(hmac_sha256(*raw_key, *text))));
    co_return Result<void>();
  };
}

}  // namespace ferry::azure
