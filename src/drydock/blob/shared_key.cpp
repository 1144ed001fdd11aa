// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/shared_key.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/crypto.hpp"

namespace drydock::blob {
namespace {

constexpr auto kMaxSkew = std::chrono::minutes(15);

std::string without_hyphens(std::string_view name) {
  std::string text;
  for (const char c : name) {
    // Below every digit and letter, as the linguistic order wants it.
    if (c != '-') text += c == '_' ? '!' : c;
  }
  return text;
}

bool comes_before(const std::string& a, const std::string& b, HeaderOrder order) {
  if (order == HeaderOrder::linguistic) {
    const std::string plain_a = without_hyphens(a);
    const std::string plain_b = without_hyphens(b);
    if (plain_a != plain_b) return plain_a < plain_b;
  }
  return a < b;
}

// A folded header value continues on the next line after white space: one blank instead.
std::string unfolded(std::string_view value) {
  std::string text;
  for (const char c : ferry::trim(value)) {
    if (c != '\r') text += c == '\n' ? ' ' : c;
  }
  return text;
}

std::string canonicalized_headers(const net::Headers& headers, HeaderOrder order) {
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : headers.fields()) {
    const std::string lower = ferry::to_lower(name);
    if (!lower.starts_with("x-ms-")) continue;
    auto [entry, added] = values.try_emplace(lower, unfolded(value));
    if (!added) entry->second += "," + unfolded(value);
  }
  std::vector<std::pair<std::string, std::string>> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end(), [order](const auto& a, const auto& b) {
    return comes_before(a.first, b.first, order);
  });
  std::string text;
  for (const auto& [name, value] : sorted) text += name + ":" + value + "\n";
  return text;
}

std::string canonicalized_resource(const net::HttpRequest& http, std::string_view account,
                                   bool hide_signatures = false) {
  std::string text = fmt::format("/{}{}", account, http.path());
  std::map<std::string, std::multiset<std::string>> parameters;
  for (const auto& [name, value] : http.query_fields()) {
    parameters[ferry::to_lower(name)].insert(value);
  }
  for (const auto& [name, values] : parameters) {
    text += "\n" + name + ":";
    const bool hidden = hide_signatures && name == "sig";
    bool first = true;
    for (const std::string& value : values) {
      text += (first ? "" : ",") + (hidden ? "..." : value);
      first = false;
    }
  }
  return text;
}

std::string standard_lines(const net::HttpRequest& http) {
  constexpr std::array<std::string_view, 11> kNames = {"Content-Encoding",
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
  std::string text = http.method + "\n";
  for (const std::string_view name : kNames) {
    std::string value = http.headers.get_or(name, "");
    if (name == "Content-Length" && value == "0") value.clear();
    if (name == "Date" && http.headers.contains("x-ms-date")) value.clear();
    text += value + "\n";
  }
  return text;
}

Outcome<void> check_date(const net::HttpRequest& http, ferry::Timestamp now) {
  const auto text =
      http.headers.contains("x-ms-date") ? http.headers.get("x-ms-date") : http.headers.get("Date");
  if (!text) return refuse_authentication("The request has no date header.");
  const auto date = ferry::parse_rfc1123(*text);
  if (!date) return refuse_authentication("The date header is not a valid HTTP date.");
  if (*date < now - kMaxSkew || *date > now + kMaxSkew) {
    return refuse_authentication(
        fmt::format("Request date header too old or too new: '{}'; the server's time is '{}'.",
                    *text, ferry::format_rfc1123(now)));
  }
  return {};
}

}  // namespace

tl::unexpected<Refusal> refuse_authentication(std::string detail) {
  Refusal refusal{403, "AuthenticationFailed",
                  "Server failed to authenticate the request. Make sure the value of Authorization "
                  "header is formed correctly including the signature."};
  refusal.details = {{"AuthenticationErrorDetail", std::move(detail)}};
  return refuse(std::move(refusal));
}

std::string string_to_sign(const net::HttpRequest& http, std::string_view account,
                           HeaderOrder order) {
  return standard_lines(http) + canonicalized_headers(http.headers, order) +
         canonicalized_resource(http, account);
}

std::optional<std::string> sign(const ferry::Secret& key, std::string_view text) {
  const auto raw = ferry::base64_decode(key.reveal());
  if (!raw || raw->empty()) return std::nullopt;
  return ferry::base64_encode(ferry::hmac_sha256(*raw, text));
}

Outcome<void> check_shared_key(const net::HttpRequest& http, std::string_view authorization,
                               const StorageAccountInfo& account, ferry::Timestamp now) {
  const std::size_t colon = authorization.find(':');
  if (colon == std::string_view::npos) {
    return refuse_authentication("The Authorization header is not 'SharedKey account:signature'.");
  }
  const std::string_view name = authorization.substr(0, colon);
  const std::string_view given = authorization.substr(colon + 1);
  if (!ferry::equals_ignore_case(name, account.name)) {
    return refuse_authentication("The Authorization header names another account.");
  }
  if (auto date = check_date(http, now); !date) return date;
  for (const HeaderOrder order : {HeaderOrder::ordinal, HeaderOrder::linguistic}) {
    const std::string text = string_to_sign(http, name, order);
    for (const ferry::Secret* key : {&account.key1, &account.key2}) {
      const auto expected = sign(*key, text);
      if (expected && ferry::constant_time_equal(*expected, given)) return {};
    }
  }
  // The text shows a client's author what went wrong. The right signature, and signatures inside
  // the URL, stay out of it.
  return refuse_authentication(fmt::format(
      "The MAC signature found in the HTTP request is not the same as any computed signature. "
      "Server used following string to sign: '{}{}{}'.",
      standard_lines(http), canonicalized_headers(http.headers, HeaderOrder::ordinal),
      canonicalized_resource(http, name, true)));
}

}  // namespace drydock::blob
