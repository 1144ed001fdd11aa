// SPDX-License-Identifier: Apache-2.0
#include "base/crypto.hpp"
#include "drydock/blob/listing.hpp"
#include "drydock/blob/properties.hpp"
#include "drydock/blob/range.hpp"
#include "drydock/blob/service.hpp"

namespace drydock {

using blob::BlobRecord;
using blob::BlobRequest;
using blob::ContainerRecord;
using blob::Outcome;
using blob::Piece;
using blob::refuse;
namespace net = ferry::net;

namespace {

constexpr std::uint64_t kMaxRangeForMd5 = 4 << 20;

net::HttpResponse written(int status, const blob::Version& version) {
  net::HttpResponse response;
  response.status = status;
  blob::set_version_headers(response.headers, version);
  response.headers.set("x-ms-request-server-encrypted", "true");
  return response;
}

}  // namespace

Outcome<BlobRecord> BlobService::require_blob(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto found = store_.find_blob(container->id, request.blob);
  if (!found) return blob::refuse_internal(found.error());
  if (!*found) return refuse(404, "BlobNotFound", "The specified blob does not exist.");
  return **std::move(found);
}

Outcome<void> BlobService::check_read(const BlobRequest& request, const BlobRecord& found) const {
  auto allowed = blob::check_read_conditions(request.http.headers, found.version);
  if (!allowed) return allowed;
  return blob::check_lease_id(found.lease, request.http.headers, blob::Leased::blob, clock_.now());
}

Outcome<BlobRecord> BlobService::blob_to_change(const BlobRequest& request) {
  auto found = require_blob(request);
  if (!found) return found;
  auto allowed = blob::check_write_conditions(request.http.headers, found->version);
  if (!allowed) return refuse(std::move(allowed).error());
  auto held =
      blob::check_holder(found->lease, request.http.headers, blob::Leased::blob, clock_.now());
  if (!held) return refuse(std::move(held).error());
  return found;
}

Outcome<BlobRecord> BlobService::commit_blob(const BlobRequest& request,
                                             const ContainerRecord& container, BlobRecord record,
                                             const std::vector<Piece>& pieces, bool create_only) {
  auto existing = store_.find_blob(container.id, request.blob);
  if (!existing) return blob::refuse_internal(existing.error());
  std::optional<blob::Version> version;
  std::optional<blob::Lease> lease;
  if (*existing) {
    version = (*existing)->version;
    lease = (*existing)->lease;
  }
  auto allowed = blob::check_write_conditions(request.http.headers, version);
  if (!allowed) return refuse(std::move(allowed).error());
  if (version && create_only) {
    return refuse(403, "AuthorizationPermissionMismatch",
                  "This request is not authorized to overwrite a blob.");
  }
  auto held = blob::check_holder(lease, request.http.headers, blob::Leased::blob, clock_.now());
  if (!held) return refuse(std::move(held).error());
  record.name = request.blob;
  record.created = clock_.now();
  record.version = {blob::new_etag(), clock_.now()};
  record.size = 0;
  for (const Piece& piece : pieces) record.size += piece.size;
  auto unused = store_.put_blob(container.id, record, pieces);
  if (!unused) return blob::refuse_internal(unused.error());
  files_.remove(*unused);
  return record;
}

BlobService::Reply BlobService::put_blob(const BlobRequest& request, bool create_only) {
  const std::string type = request.header("x-ms-blob-type");
  if (type == "AppendBlob" || type == "PageBlob") {
    co_return refuse(501, "APINotImplemented", "Drydock keeps block blobs only.");
  }
  if (type != "BlockBlob") co_return blob::refuse_header("x-ms-blob-type", type);
  BlobRecord record;
  auto read = blob::read_blob_headers(request.http.headers, request.header("Content-Type"), record);
  if (!read) co_return refuse(std::move(read).error());

  const std::string& body = request.http.body;
  std::string md5;
  co_await net::run_blocking([&] { md5 = ferry::base64_encode(ferry::md5(body)); });
  auto intact = blob::check_content_md5(request.http.headers, md5);
  if (!intact) co_return refuse(std::move(intact).error());
  if (!record.content_md5.empty() && record.content_md5 != md5) {
    co_return refuse(400, "Md5Mismatch",
                     "The MD5 value specified in the request did not match with the MD5 value "
                     "calculated by the server.");
  }
  record.content_md5 = md5;

  std::vector<Piece> pieces;
  if (!body.empty()) {
    auto file = co_await files_.write(body);
    if (!file) co_return blob::refuse_internal(file.error());
    pieces.push_back({"", *file, body.size()});
  }
  // Only now is the container looked up: nothing suspends between here and the commit.
  auto container = require_container(request);
  Outcome<BlobRecord> stored =
      container ? commit_blob(request, *container, std::move(record), pieces, create_only)
                : refuse(std::move(container).error());
  if (!stored) {
    for (const Piece& piece : pieces) files_.remove({piece.file});
    co_return refuse(std::move(stored).error());
  }
  net::HttpResponse response = written(201, stored->version);
  response.headers.set("Content-MD5", md5);
  co_return response;
}

BlobService::Reply BlobService::get_blob(const BlobRequest& request) {
  auto found = require_blob(request);
  if (!found) co_return refuse(std::move(found).error());
  auto allowed = check_read(request, *found);
  if (!allowed) co_return refuse(std::move(allowed).error());
  auto range = blob::parse_range(request.http.headers, found->size);
  if (!range) co_return refuse(std::move(range).error());
  const bool partial = range->has_value();
  const blob::ByteRange bytes = partial ? **range : blob::ByteRange{0, found->size};
  const bool wants_md5 =
      ferry::equals_ignore_case(request.header("x-ms-range-get-content-md5"), "true");
  if (wants_md5 && (!partial || bytes.length > kMaxRangeForMd5)) {
    co_return blob::refuse_header("x-ms-range-get-content-md5", "true");
  }

  auto pieces = store_.pieces_of(found->id);
  if (!pieces) co_return blob::refuse_internal(pieces.error());
  auto content = co_await files_.read(blob::extents_of(*pieces, bytes));
  if (!content) co_return blob::refuse_internal(content.error());

  net::HttpResponse response;
  blob::set_blob_headers(response.headers, *found, clock_.now());
  if (partial) {
    response.status = 206;
    response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", bytes.start,
                                                      bytes.start + bytes.length - 1, found->size));
    response.headers.remove("Content-MD5");
    if (!found->content_md5.empty()) {
      response.headers.set("x-ms-blob-content-md5", found->content_md5);
    }
    if (wants_md5) {
      response.headers.set("Content-MD5", ferry::base64_encode(ferry::md5(*content)));
    }
  }
  response.body = *std::move(content);
  co_return response;
}

BlobService::Response BlobService::head_blob(const BlobRequest& request) {
  auto found = require_blob(request);
  if (!found) return refuse(std::move(found).error());
  auto allowed = check_read(request, *found);
  if (!allowed) return refuse(std::move(allowed).error());
  net::HttpResponse response;
  blob::set_blob_headers(response.headers, *found, clock_.now());
  response.headers.set("Content-Length", std::to_string(found->size));
  return response;
}

BlobService::Response BlobService::get_blob_metadata(const BlobRequest& request) {
  auto found = require_blob(request);
  if (!found) return refuse(std::move(found).error());
  auto allowed = check_read(request, *found);
  if (!allowed) return refuse(std::move(allowed).error());
  net::HttpResponse response;
  blob::set_version_headers(response.headers, found->version);
  blob::set_metadata_headers(response.headers, found->metadata);
  return response;
}

BlobService::Response BlobService::save_changed(BlobRecord record) {
  record.version = {blob::new_etag(), clock_.now()};
  if (auto saved = store_.update_blob(record); !saved) return blob::refuse_internal(saved.error());
  return written(200, record.version);
}

BlobService::Response BlobService::set_blob_metadata(const BlobRequest& request) {
  auto found = blob_to_change(request);
  if (!found) return refuse(std::move(found).error());
  auto metadata = blob::metadata_of(request.http.headers);
  if (!metadata) return refuse(std::move(metadata).error());
  found->metadata = *std::move(metadata);
  return save_changed(*std::move(found));
}

// Setting one property clears those that the request does not name.
BlobService::Response BlobService::set_blob_properties(const BlobRequest& request) {
  auto found = blob_to_change(request);
  if (!found) return refuse(std::move(found).error());
  BlobRecord named;
  auto read = blob::read_blob_headers(request.http.headers, "", named);
  if (!read) return refuse(std::move(read).error());
  found->content_type = named.content_type;
  found->content_encoding = named.content_encoding;
  found->content_language = named.content_language;
  found->content_disposition = named.content_disposition;
  found->cache_control = named.cache_control;
  found->content_md5 = named.content_md5;
  return save_changed(*std::move(found));
}

// Neither a tier nor tags make another version.
BlobService::Response BlobService::set_blob_tier(const BlobRequest& request) {
  auto found = blob_to_change(request);
  if (!found) return refuse(std::move(found).error());
  if (request.header("x-ms-access-tier").empty()) {
    return refuse(400, "MissingRequiredHeader", "The header x-ms-access-tier is missing.");
  }
  if (auto tier = blob::read_access_tier(request.http.headers, *found); !tier) {
    return refuse(std::move(tier).error());
  }
  if (auto saved = store_.update_blob(*found); !saved) return blob::refuse_internal(saved.error());
  return net::HttpResponse{};
}

BlobService::Response BlobService::get_blob_tags(const BlobRequest& request) {
  auto found = require_blob(request);
  if (!found) return refuse(std::move(found).error());
  if (auto held = check_read(request, *found); !held) return refuse(std::move(held).error());
  return blob::xml_response(blob::tags_xml(found->tags));
}

BlobService::Response BlobService::set_blob_tags(const BlobRequest& request) {
  auto found = blob_to_change(request);
  if (!found) return refuse(std::move(found).error());
  auto tags = blob::parse_tags_xml(request.http.body);
  if (!tags) return refuse(std::move(tags).error());
  found->tags = *std::move(tags);
  if (auto saved = store_.update_blob(*found); !saved) return blob::refuse_internal(saved.error());
  return net::HttpResponse{.status = 204};
}

BlobService::Response BlobService::delete_blob(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto found = blob_to_change(request);
  if (!found) return refuse(std::move(found).error());
  auto files = store_.delete_blob(container->id, *found);
  if (!files) return blob::refuse_internal(files.error());
  files_.remove(*files);
  net::HttpResponse response;
  response.status = 202;
  response.headers.set("x-ms-delete-type-permanent", "true");
  return response;
}

}  // namespace drydock
