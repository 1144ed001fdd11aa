// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/properties.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"

namespace drydock::blob {

std::string new_etag() {
  return fmt::format("\"0x8D{}\"", ferry::hex_encode_upper(ferry::random_bytes(7)));
}

void set_version_headers(net::Headers& headers, const Version& version) {
  headers.set("ETag", version.etag);
  headers.set("Last-Modified", ferry::format_rfc1123(version.modified));
}

void set_metadata_headers(net::Headers& headers, const Metadata& metadata) {
  for (const auto& [name, value] : metadata) headers.set("x-ms-meta-" + name, value);
}

void set_blob_headers(net::Headers& headers, const BlobRecord& blob, ferry::Timestamp now) {
  set_version_headers(headers, blob.version);
  set_metadata_headers(headers, blob.metadata);
  const std::pair<const char*, const std::string&> content[] = {
      {"Content-Type", blob.content_type},
      {"Content-Encoding", blob.content_encoding},
      {"Content-Language", blob.content_language},
      {"Content-MD5", blob.content_md5},
      {"Cache-Control", blob.cache_control},
      {"Content-Disposition", blob.content_disposition}};
  for (const auto& [name, value] : content) {
    if (!value.empty()) headers.set(name, value);
  }
  headers.set("Accept-Ranges", "bytes");
  headers.set("x-ms-blob-type", "BlockBlob");
  headers.set("x-ms-creation-time", ferry::format_rfc1123(blob.created));
  set_lease_headers(headers, blob.lease, now);
  if (!blob.tags.empty()) headers.set("x-ms-tag-count", std::to_string(blob.tags.size()));
  if (!blob.copy.id.empty()) {
    headers.set("x-ms-copy-id", blob.copy.id);
    headers.set("x-ms-copy-source", blob.copy.source);
    headers.set("x-ms-copy-status", "success");
    headers.set("x-ms-copy-progress", fmt::format("{}/{}", blob.size, blob.size));
    headers.set("x-ms-copy-completion-time", blob.copy.completed);
  }
  headers.set("x-ms-server-encrypted", "true");
  headers.set("x-ms-access-tier", blob.access_tier.empty() ? "Hot" : blob.access_tier);
  if (blob.access_tier.empty()) headers.set("x-ms-access-tier-inferred", "true");
}

Outcome<void> read_access_tier(const net::Headers& headers, BlobRecord& blob) {
  constexpr std::array<std::string_view, 4> kTiers = {"Hot", "Cool", "Cold", "Archive"};
  const auto tier = headers.get("x-ms-access-tier");
  if (!tier) return {};
  if (std::find(kTiers.begin(), kTiers.end(), *tier) == kTiers.end()) {
    return refuse_header("x-ms-access-tier", *tier);
  }
  blob.access_tier = *tier;
  return {};
}

Outcome<void> read_blob_headers(const net::Headers& headers, std::string fallback_type,
                                BlobRecord& blob) {
  blob.content_type = headers.get_or("x-ms-blob-content-type", fallback_type);
  if (blob.content_type.empty()) blob.content_type = "application/octet-stream";
  blob.content_encoding = headers.get_or("x-ms-blob-content-encoding", "");
  blob.content_language = headers.get_or("x-ms-blob-content-language", "");
  blob.content_disposition = headers.get_or("x-ms-blob-content-disposition", "");
  blob.cache_control = headers.get_or("x-ms-blob-cache-control", "");
  blob.content_md5 = headers.get_or("x-ms-blob-content-md5", "");
  if (auto tier = read_access_tier(headers, blob); !tier) return tier;
  if (const auto text = headers.get("x-ms-tags")) {
    auto tags = parse_tags_header(*text);
    if (!tags) return refuse(std::move(tags).error());
    blob.tags = *std::move(tags);
  }
  auto metadata = metadata_of(headers);
  if (!metadata) return refuse(std::move(metadata).error());
  blob.metadata = *std::move(metadata);
  return {};
}

Outcome<void> check_content_md5(const net::Headers& headers, std::string_view md5_base64) {
  const auto stated = headers.get("Content-MD5");
  if (!stated || *stated == md5_base64) return {};
  const auto raw = ferry::base64_decode(*stated);
  if (!raw || raw->size() != 16) {
    return refuse(400, "InvalidMd5",
                  "The MD5 value specified in the request is invalid. It must be 128 bits and "
                  "base64-encoded.");
  }
  return refuse(400, "Md5Mismatch",
                "The MD5 value specified in the request did not match with the MD5 value "
                "calculated by the server.");
}

}  // namespace drydock::blob
