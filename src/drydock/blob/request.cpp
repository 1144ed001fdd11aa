// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/request.hpp"

#include <algorithm>
#include <array>

namespace drydock::blob {
namespace {

enum class Level { account, container, blob };

struct Route {
  Level level;
  std::string_view method;
  std::string_view restype;
  std::string_view comp;
  Operation operation;
};

constexpr std::array kRoutes = {
    Route{Level::account, "GET", "", "list", Operation::list_containers},
    Route{Level::account, "GET", "account", "properties", Operation::account_information},
    Route{Level::account, "HEAD", "account", "properties", Operation::account_information},
    Route{Level::account, "POST", "service", "userdelegationkey",
          Operation::get_user_delegation_key},
    Route{Level::account, "POST", "", "batch", Operation::batch},
    Route{Level::container, "POST", "container", "batch", Operation::batch},
    Route{Level::container, "PUT", "container", "lease", Operation::lease_container},
    Route{Level::container, "GET", "container", "acl", Operation::get_container_acl},
    Route{Level::container, "HEAD", "container", "acl", Operation::get_container_acl},
    Route{Level::container, "PUT", "container", "acl", Operation::set_container_acl},
    Route{Level::container, "PUT", "container", "", Operation::create_container},
    Route{Level::container, "GET", "container", "", Operation::get_container},
    Route{Level::container, "HEAD", "container", "", Operation::get_container},
    Route{Level::container, "GET", "container", "metadata", Operation::get_container},
    Route{Level::container, "HEAD", "container", "metadata", Operation::get_container},
    Route{Level::container, "PUT", "container", "metadata", Operation::set_container_metadata},
    Route{Level::container, "DELETE", "container", "", Operation::delete_container},
    Route{Level::container, "GET", "container", "list", Operation::list_blobs},
    Route{Level::container, "GET", "account", "properties", Operation::account_information},
    Route{Level::blob, "GET", "account", "properties", Operation::account_information},
    Route{Level::blob, "PUT", "", "", Operation::put_blob},
    Route{Level::blob, "PUT", "", "block", Operation::put_block},
    Route{Level::blob, "PUT", "", "blocklist", Operation::put_block_list},
    Route{Level::blob, "GET", "", "blocklist", Operation::get_block_list},
    Route{Level::blob, "GET", "", "", Operation::get_blob},
    Route{Level::blob, "HEAD", "", "", Operation::head_blob},
    Route{Level::blob, "GET", "", "metadata", Operation::get_blob_metadata},
    Route{Level::blob, "HEAD", "", "metadata", Operation::get_blob_metadata},
    Route{Level::blob, "PUT", "", "metadata", Operation::set_blob_metadata},
    Route{Level::blob, "PUT", "", "properties", Operation::set_blob_properties},
    Route{Level::blob, "PUT", "", "tier", Operation::set_blob_tier},
    Route{Level::blob, "GET", "", "tags", Operation::get_blob_tags},
    Route{Level::blob, "PUT", "", "tags", Operation::set_blob_tags},
    Route{Level::blob, "PUT", "", "lease", Operation::lease_blob},
    Route{Level::blob, "DELETE", "", "", Operation::delete_blob},
};

// Each would change what is stored or checked; ignoring one would be a lie.
constexpr std::array<std::string_view, 8> kUnsupportedHeaders = {
    "x-ms-structured-body",
    "x-ms-content-crc64",
    "x-ms-if-tags",
    "x-ms-encryption-key",
    "x-ms-encryption-scope",
    "x-ms-legal-hold",
    "x-ms-immutability-policy-until-date",
    "x-ms-source-content-md5",
};

Outcome<void> check_supported(const net::HttpRequest& http) {
  for (const std::string_view name : kUnsupportedHeaders) {
    if (auto value = http.headers.get(name)) return refuse_header(name, *value);
  }
  if (http.query_value("snapshot") || http.query_value("versionid")) {
    return refuse(501, "APINotImplemented", "Drydock keeps no snapshots and no versions of blobs.");
  }
  return {};
}

Outcome<void> check_version(const net::HttpRequest& http) {
  const auto version = http.headers.get("x-ms-version");
  if (!version) return {};
  const bool well_formed = version->size() == 10 && (*version)[4] == '-' && (*version)[7] == '-' &&
                           std::all_of(version->begin(), version->end(),
                                       [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
  if (!well_formed) return refuse_header("x-ms-version", *version);
  return {};
}

// UTF-8 without NUL; surrogates and overlong forms are left to the clients that make them.
bool is_text(std::string_view name) {
  std::size_t expected = 0;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continuation = (byte & 0xc0) == 0x80;
    if (continuation != (expected > 0) || byte == 0 || byte >= 0xf8) return false;
    if (continuation) {
      --expected;
    } else {
      expected = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    }
  }
  return expected == 0;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool valid_container_name(std::string_view name) {
  if (name == "$root" || name == "$web") return true;
  if (name.size() < 3 || name.size() > 63 || name.front() == '-' || name.back() == '-') {
    return false;
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-') return false;
    if (c == '-' && name[i - 1] == '-') return false;
  }
  return true;
}

Outcome<Metadata> metadata_of(const net::Headers& headers) {
  constexpr std::string_view kPrefix = "x-ms-meta-";
  Metadata metadata;
  std::size_t size = 0;
  for (const auto& [name, value] : headers.fields()) {
    if (!ferry::to_lower(name).starts_with(kPrefix)) continue;
    const std::string key = name.substr(kPrefix.size());
    const bool valid = !key.empty() && !is_digit(key.front()) &&
                       std::all_of(key.begin(), key.end(),
                                   [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
    if (!valid) {
      return refuse(400, "InvalidMetadata",
                    "The metadata specified is invalid. It has characters that are not permitted.");
    }
    size += key.size() + value.size();
    metadata.emplace_back(key, value);
  }
  if (size > 8 * 1024) {
    return refuse(400, "MetadataTooLarge", "The metadata is larger than 8 KiB.");
  }
  return metadata;
}

Outcome<BlobRequest> parse_request(net::HttpRequest http) {
  BlobRequest request;
  const std::string host = http.host();
  request.account = host.substr(0, host.find('.'));
  std::string_view path = http.path();
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  request.container = ferry::percent_decode(path.substr(0, slash));
  if (slash != std::string_view::npos) request.blob = ferry::percent_decode(path.substr(slash + 1));

  const Level level = !request.blob.empty()       ? Level::blob
                      : request.container.empty() ? Level::account
                                                  : Level::container;
  if (auto version = check_version(http); !version) return refuse(std::move(version).error());
  const std::string restype = http.query_value("restype").value_or("");
  const std::string comp = http.query_value("comp").value_or("");
  const auto* route = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& candidate) {
    return candidate.level == level && candidate.method == http.method &&
           candidate.restype == restype && candidate.comp == comp;
  });
  if (route == kRoutes.end()) {
    return refuse(501, "APINotImplemented",
                  fmt::format("Drydock does not implement {} with restype '{}' and comp '{}' here.",
                              http.method, restype, comp));
  }
  request.operation = route->operation;
  if (http.headers.contains("x-ms-copy-source")) {
    // A Put Blob with a type is "Put Blob From URL", which reads the source as any client would.
    if (request.operation != Operation::put_blob || http.headers.contains("x-ms-blob-type")) {
      return refuse(501, "APINotImplemented",
                    "Drydock copies whole blobs; it does not put blobs or blocks from a URL.");
    }
    request.operation = Operation::copy_blob;
  }
  if (auto supported = check_supported(http); !supported) {
    return refuse(std::move(supported).error());
  }
  if (level != Level::account && !valid_container_name(request.container)) {
    return refuse(400, "InvalidResourceName",
                  "The specified resource name has invalid characters.");
  }
  if (request.blob.size() > 1024 || !is_text(request.blob)) {
    return refuse(400, "InvalidUri", "The name of a blob is 1 to 1024 bytes of UTF-8.");
  }
  request.http = std::move(http);
  return request;
}

}  // namespace drydock::blob
