// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/sas.hpp"

#include <arpa/inet.h>
#include <algorithm>

#include "base/crypto.hpp"
#include "drydock/blob/shared_key.hpp"

namespace drydock::blob {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : "\n") + lines[i];
  return text;
}

bool is_account_sas(const BlobRequest& request) {
  return request.http.query_value("ss").has_value() || request.http.query_value("srt").has_value();
}

std::string account_text(const BlobRequest& request) {
  const auto q = [&](std::string_view name) { return request.query(name); };
  std::vector<std::string> lines = {request.account, q("sp"),  q("ss"),  q("srt"), q("st"),
                                    q("se"),         q("sip"), q("spr"), q("sv")};
  if (q("sv") >= "2020-12-06") lines.push_back(q("ses"));
  return joined(lines) + "\n";
}

std::string service_text(const BlobRequest& request) {
  const auto q = [&](std::string_view name) { return request.query(name); };
  const std::string version = q("sv");
  std::string resource = fmt::format("/blob/{}/{}", request.account, request.container);
  if (q("sr") == "b") resource += "/" + request.blob;
  std::vector<std::string> lines = {q("sp"), q("st"),  q("se"),  resource,
                                    q("si"), q("sip"), q("spr"), version};
  if (version >= "2018-11-09") {
    lines.push_back(q("sr"));
    lines.emplace_back();  // snapshot: requests that name one are refused earlier
  }
  if (version >= "2020-12-06") lines.push_back(q("ses"));
  for (const char* name : {"rscc", "rscd", "rsce", "rscl", "rsct"}) lines.push_back(q(name));
  return joined(lines);
}

// The forms of ISO 8601 that the service takes: a day, or a time of day to the minute or finer.
std::optional<ferry::Timestamp> parse_time(std::string text) {
  if (text.size() == 10) text += "T00:00:00Z";
  if (text.size() == 17 && text.back() == 'Z') text.insert(16, ":00");
  const auto time = ferry::parse_rfc3339(text);
  if (!time) return std::nullopt;
  return *time;
}

Outcome<void> check_validity(const BlobRequest& request, ferry::Timestamp now) {
  const auto end = parse_time(request.query("se"));
  if (!end) return refuse_authentication("The signature has no valid expiry time (se).");
  if (now >= *end) {
    return refuse_authentication(
        fmt::format("Signature not valid in the specified time frame: "
                    "Expiry [{}] - Current [{}]",
                    request.query("se"), ferry::format_rfc1123(now)));
  }
  const std::string start_text = request.query("st");
  if (start_text.empty()) return {};
  const auto start = parse_time(start_text);
  if (!start || now < *start) {
    return refuse_authentication(
        fmt::format("Signature not valid in the specified time frame: "
                    "Start [{}] - Current [{}]",
                    start_text, ferry::format_rfc1123(now)));
  }
  return {};
}

std::optional<std::uint32_t> parse_ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

Outcome<void> check_circumstances(const BlobRequest& request) {
  const std::string protocol = request.query("spr");
  if (protocol == "https" && !request.http.peer.tls) {
    return refuse(403, "AuthorizationProtocolMismatch",
                  "This request is not authorized to perform this operation using this protocol.");
  }
  const std::string range = request.query("sip");
  if (range.empty()) return {};
  const std::size_t dash = range.find('-');
  const auto first = parse_ipv4(range.substr(0, dash));
  const auto last = dash == std::string::npos ? first : parse_ipv4(range.substr(dash + 1));
  const std::string& peer = request.http.peer.address;
  const auto address = parse_ipv4(peer.substr(0, peer.rfind(':')));
  if (!first || !last || !address || *address < *first || *address > *last) {
    return refuse(403, "AuthorizationSourceIPMismatch",
                  "This request is not authorized to perform this operation using this source IP.");
  }
  return {};
}

// `resource` is the letter of `srt` that an account SAS needs; `rights` are the letters of `sp` of
// which one suffices; `container_wide` operations need a service SAS for a container.
struct Need {
  char resource;
  std::string_view rights;
  bool service_sas_may = true;
  bool container_wide = false;
};

Need need_of(Operation operation) {
  switch (operation) {
    case Operation::list_containers:
      return {'s', "l", false};
    case Operation::account_information:
      return {'s', "rwdlacup"};
    case Operation::create_container:
      return {'c', "cw", false};
    case Operation::get_container:
      return {'c', "r", false};
    case Operation::set_container_metadata:
      return {'c', "w", false};
    case Operation::delete_container:
      return {'c', "d", false};
    case Operation::list_blobs:
      return {'c', "l", true, true};
    case Operation::put_blob:
    case Operation::put_block:
    case Operation::put_block_list:
      return {'o', "cw"};
    case Operation::get_block_list:
    case Operation::get_blob:
    case Operation::head_blob:
    case Operation::get_blob_metadata:
      return {'o', "r"};
    case Operation::set_blob_metadata:
    case Operation::set_blob_properties:
      return {'o', "w"};
    case Operation::delete_blob:
      return {'o', "d"};
  }
  return {'o', ""};
}

bool covers(const BlobRequest& request, const Need& need) {
  const bool right = request.query("sp").find_first_of(need.rights) != std::string::npos;
  if (is_account_sas(request)) {
    // The address of an account's information may be any, so that every SAS can ask for it.
    const bool resource = request.operation == Operation::account_information ||
                          request.query("srt").find(need.resource) != std::string::npos;
    return right && resource && request.query("ss").find('b') != std::string::npos;
  }
  const std::string scope = request.query("sr");
  const bool fits = scope == "c" || (scope == "b" && !request.blob.empty() && !need.container_wide);
  return right && need.service_sas_may && fits && !request.container.empty();
}

}  // namespace

bool has_sas(const net::HttpRequest& http) {
  return http.query_value("sig").has_value();
}

std::optional<std::string> sas_string_to_sign(const BlobRequest& request) {
  const std::string version = request.query("sv");
  if (version.size() != 10 || version < "2015-04-05") return std::nullopt;
  if (is_account_sas(request)) return account_text(request);
  return service_text(request);
}

Outcome<SasGrant> check_sas(const BlobRequest& request, const StorageAccountInfo& account,
                            ferry::Timestamp now) {
  if (request.http.query_value("skoid")) {
    return refuse_authentication("Drydock issues no user delegation keys.");
  }
  const auto text = sas_string_to_sign(request);
  if (!text) return refuse_authentication("The signature's version (sv) is missing or too old.");
  const std::string given = request.query("sig");
  const auto matches = [&](const ferry::Secret& key) {
    const auto expected = sign(key, *text);
    return expected && ferry::constant_time_equal(*expected, given);
  };
  if (!matches(account.key1) && !matches(account.key2)) {
    return refuse_authentication(
        fmt::format("Signature did not match. String to sign used was {}", *text));
  }
  if (!request.query("si").empty()) {
    return refuse_authentication("The container has no stored access policy of that name.");
  }
  if (auto valid = check_validity(request, now); !valid) return refuse(std::move(valid).error());
  if (auto fits = check_circumstances(request); !fits) return refuse(std::move(fits).error());
  if (!covers(request, need_of(request.operation))) {
    return refuse(
        403, "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.");
  }
  SasGrant grant;
  grant.create_only = request.query("sp").find('w') == std::string::npos;
  constexpr std::pair<const char*, const char*> kOverrides[] = {{"rscc", "Cache-Control"},
                                                                {"rscd", "Content-Disposition"},
                                                                {"rsce", "Content-Encoding"},
                                                                {"rscl", "Content-Language"},
                                                                {"rsct", "Content-Type"}};
  for (const auto& [parameter, header] : kOverrides) {
    const std::string value = request.query(parameter);
    if (!value.empty()) grant.response_headers.emplace_back(header, value);
  }
  return grant;
}

}  // namespace drydock::blob
