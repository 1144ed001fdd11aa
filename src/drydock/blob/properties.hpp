// SPDX-License-Identifier: Apache-2.0
// The properties of blobs and containers as headers: read from requests, written to answers.
#pragma once

#include "drydock/blob/store.hpp"

namespace drydock::blob {

std::string new_etag();

// ETag and Last-Modified.
void set_version_headers(net::Headers& headers, const Version& version);
void set_metadata_headers(net::Headers& headers, const Metadata& metadata);
// Everything that Get Blob and Get Blob Properties say of a blob, content length aside.
void set_blob_headers(net::Headers& headers, const BlobRecord& blob, ferry::Timestamp now);

// x-ms-access-tier, if it is there.
Outcome<void> read_access_tier(const net::Headers& headers, BlobRecord& blob);
// Fills in the content headers (x-ms-blob-content-type and its like), tier, tags and metadata of
// a request that writes a blob; `fallback_type` is what counts without x-ms-blob-content-type.
Outcome<void> read_blob_headers(const net::Headers& headers, std::string fallback_type,
                                BlobRecord& blob);

// Of `bytes`, when the request states one: 400 Md5Mismatch when Content-MD5 differs.
Outcome<void> check_content_md5(const net::Headers& headers, std::string_view md5_base64);

}  // namespace drydock::blob
