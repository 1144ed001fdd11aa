// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/sas.hpp"

#include <arpa/inet.h>
#include <algorithm>

#include "base/crypto.hpp"
#include "drydock/blob/delegation.hpp"
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

bool is_delegated(const BlobRequest& request) {
  return request.http.query_value("skoid").has_value();
}

// The layout grew with the versions: each addition in the middle.
std::string delegated_text(const BlobRequest& request) {
  const auto q = [&](std::string_view name) { return request.query(name); };
  const std::string version = q("sv");
  std::string resource = fmt::format("/blob/{}/{}", request.account, request.container);
  if (q("sr") == "b") resource += "/" + request.blob;
  std::vector<std::string> lines = {q("sp"),    q("st"),  q("se"),  resource, q("skoid"),
                                    q("sktid"), q("skt"), q("ske"), q("sks"), q("skv")};
  if (version >= "2020-02-10") {
    for (const char* name : {"saoid", "suoid", "scid"}) lines.push_back(q(name));
  }
  if (version >= "2025-07-05") {
    for (const char* name : {"skdutid", "sduoid"}) lines.push_back(q(name));
  }
  for (const char* name : {"sip", "spr", "sv", "sr"}) lines.push_back(q(name));
  lines.emplace_back();  // snapshot
  if (version >= "2020-12-06") lines.push_back(q("ses"));
  // Headers and query parameters that the request must have: none are taken, see check_sas().
  if (version >= "2026-04-06") lines.insert(lines.end(), 2, "");
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

// What the SAS says, and where it says nothing the policy that it names.
struct Terms {
  std::string start;
  std::string expiry;
  std::string permission;
};

Outcome<Terms> terms_of(const BlobRequest& request, const std::vector<AccessPolicy>& policies) {
  Terms terms{request.query("st"), request.query("se"), request.query("sp")};
  const std::string id = request.query("si");
  if (id.empty()) return terms;
  const auto policy = std::find_if(policies.begin(), policies.end(),
                                   [&](const AccessPolicy& one) { return one.id == id; });
  if (policy == policies.end() || is_account_sas(request) || is_delegated(request)) {
    return refuse_authentication("The container has no stored access policy of that name.");
  }
  for (const auto& [own, stored] :
       {std::pair(&terms.start, &policy->start), std::pair(&terms.expiry, &policy->expiry),
        std::pair(&terms.permission, &policy->permission)}) {
    if (!own->empty() && !stored->empty()) {
      return refuse_authentication("A term is in the signature and in its access policy.");
    }
    if (own->empty()) *own = *stored;
  }
  return terms;
}

Outcome<void> check_validity(const Terms& terms, ferry::Timestamp now) {
  const auto end = parse_time(terms.expiry);
  if (!end) return refuse_authentication("The signature has no valid expiry time (se).");
  if (now >= *end) {
    return refuse_authentication(
        fmt::format("Signature not valid in the specified time frame: "
                    "Expiry [{}] - Current [{}]",
                    terms.expiry, ferry::format_rfc1123(now)));
  }
  if (terms.start.empty()) return {};
  const auto start = parse_time(terms.start);
  if (!start || now < *start) {
    return refuse_authentication(
        fmt::format("Signature not valid in the specified time frame: "
                    "Start [{}] - Current [{}]",
                    terms.start, ferry::format_rfc1123(now)));
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
    case Operation::get_container_acl:
      return {'c', "r", false};
    case Operation::set_container_metadata:
    case Operation::set_container_acl:
    case Operation::lease_container:
      return {'c', "w", false};
    case Operation::delete_container:
      return {'c', "d", false};
    // An identity alone asks for keys; what a batch holds is authorized by itself.
    case Operation::get_user_delegation_key:
      return {'s', ""};
    case Operation::batch:
      return {'s', "rwdlacupti", true, true};
    case Operation::list_blobs:
      return {'c', "l", true, true};
    case Operation::put_blob:
    case Operation::put_block:
    case Operation::put_block_list:
    case Operation::copy_blob:
      return {'o', "cw"};
    case Operation::get_block_list:
    case Operation::get_blob:
    case Operation::head_blob:
    case Operation::get_blob_metadata:
      return {'o', "r"};
    case Operation::set_blob_metadata:
    case Operation::set_blob_properties:
    case Operation::set_blob_tier:
    case Operation::lease_blob:
      return {'o', "w"};
    case Operation::get_blob_tags:
    case Operation::set_blob_tags:
      return {'o', "t"};
    case Operation::delete_blob:
      return {'o', "d"};
  }
  return {'o', ""};
}

bool covers(const BlobRequest& request, const std::string& permission, const Need& need) {
  const bool right = permission.find_first_of(need.rights) != std::string::npos;
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
  if (is_delegated(request)) return delegated_text(request);
  if (is_account_sas(request)) return account_text(request);
  return service_text(request);
}

Outcome<SasGrant> check_sas(const BlobRequest& request, const SasGround& ground) {
  if (!request.query("srh").empty() || !request.query("srq").empty()) {
    return refuse_authentication(
        "Drydock takes no signature that prescribes the request's headers or parameters.");
  }
  const auto text = sas_string_to_sign(request);
  if (!text) return refuse_authentication("The signature's version (sv) is missing or too old.");
  const std::string given = request.query("sig");
  const auto matches = [&](const ferry::Secret& key) {
    const auto expected = sign(key, *text);
    return expected && ferry::constant_time_equal(*expected, given);
  };
  const bool genuine = is_delegated(request)
                           ? matches(delegation_key(delegation_of(request), ground.delegation_seed))
                           : matches(ground.account.key1) || matches(ground.account.key2);
  if (!genuine) {
    return refuse_authentication(
        fmt::format("Signature did not match. String to sign used was {}", *text));
  }
  if (is_delegated(request)) {
    auto valid = check_validity({request.query("skt"), request.query("ske"), ""}, ground.now);
    if (!valid) return refuse(std::move(valid).error());
  }
  auto terms = terms_of(request, ground.policies);
  if (!terms) return refuse(std::move(terms).error());
  if (auto valid = check_validity(*terms, ground.now); !valid) {
    return refuse(std::move(valid).error());
  }
  if (auto fits = check_circumstances(request); !fits) return refuse(std::move(fits).error());
  if (!covers(request, terms->permission, need_of(request.operation))) {
    return refuse(
        403, "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.");
  }
  SasGrant grant;
  grant.create_only = terms->permission.find('w') == std::string::npos;
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
