// SPDX-License-Identifier: Apache-2.0
// Blobs made of blocks: upload blocks under identifiers, then commit a list of them.
#include <algorithm>

#include "base/crypto.hpp"
#include "drydock/blob/listing.hpp"
#include "drydock/blob/properties.hpp"
#include "drydock/blob/service.hpp"

namespace drydock {

using blob::BlobRecord;
using blob::BlobRequest;
using blob::Outcome;
using blob::Piece;
using blob::refuse;
namespace net = ferry::net;

namespace {

constexpr std::size_t kMaxBlocks = 50'000;
constexpr std::size_t kMaxBlockId = 64;

tl::unexpected<blob::Refusal> invalid_block_list() {
  return refuse(400, "InvalidBlockList", "The specified block list is invalid.");
}

const Piece* find_block(const std::vector<Piece>& blocks, const std::string& id) {
  const auto found = std::find_if(blocks.begin(), blocks.end(),
                                  [&](const Piece& block) { return block.block_id == id; });
  return found == blocks.end() ? nullptr : &*found;
}

// Which blocks a list names; "Latest" prefers the uncommitted one.
Outcome<std::vector<Piece>> resolve(const std::vector<blob::XmlElement>& list,
                                    const std::vector<Piece>& committed,
                                    const std::vector<Piece>& uncommitted) {
  std::vector<Piece> pieces;
  for (const auto& [kind, id, deeper] : list) {
    const Piece* block = nullptr;
    if (kind == "Uncommitted" || kind == "Latest") block = find_block(uncommitted, id);
    if (!block && (kind == "Committed" || kind == "Latest")) block = find_block(committed, id);
    if (!block) return invalid_block_list();
    pieces.push_back(*block);
  }
  return pieces;
}

void write_blocks(blob::XmlWriter& xml, std::string_view element,
                  const std::vector<Piece>& blocks) {
  xml.open(element);
  for (const Piece& block : blocks) {
    if (block.block_id.empty()) continue;
    xml.open("Block");
    xml.element("Name", block.block_id);
    xml.element("Size", std::to_string(block.size));
    xml.close("Block");
  }
  xml.close(element);
}

}  // namespace

BlobService::Reply BlobService::put_block(const BlobRequest& request) {
  const std::string id = request.query("blockid");
  const auto raw = ferry::base64_decode(id);
  if (!raw || raw->empty() || raw->size() > kMaxBlockId) {
    co_return blob::refuse_query("blockid", id);
  }
  const std::string& body = request.http.body;
  if (body.empty()) co_return blob::refuse_header("Content-Length", "0");
  std::string md5;
  co_await net::run_blocking([&] { md5 = ferry::base64_encode(ferry::md5(body)); });
  auto intact = blob::check_content_md5(request.http.headers, md5);
  if (!intact) co_return refuse(std::move(intact).error());
  auto file = co_await files_.write(body);
  if (!file) co_return blob::refuse_internal(file.error());

  const auto store = [&]() -> Response {
    auto container = require_container(request);
    if (!container) return refuse(std::move(container).error());
    auto present = store_.uncommitted_blocks(container->id, request.blob);
    if (!present) return blob::refuse_internal(present.error());
    auto committed = store_.find_blob(container->id, request.blob);
    if (!committed) return blob::refuse_internal(committed.error());
    auto held = blob::check_holder(*committed ? (*committed)->lease : std::nullopt,
                                   request.http.headers, blob::Leased::blob, clock_.now());
    if (!held) return refuse(std::move(held).error());
    // One blob's identifiers all have the same length.
    if (!present->empty() && present->front().block_id.size() != id.size()) {
      return refuse(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.");
    }
    auto replaced =
        store_.put_block(container->id, request.blob, {id, *file, body.size()}, clock_.now());
    if (!replaced) return blob::refuse_internal(replaced.error());
    files_.remove(*replaced);
    net::HttpResponse response;
    response.status = 201;
    response.headers.set("Content-MD5", md5);
    response.headers.set("x-ms-request-server-encrypted", "true");
    return response;
  };
  Response response = store();
  if (!response) files_.remove({*file});
  co_return response;
}

BlobService::Response BlobService::put_block_list(const BlobRequest& request, bool create_only) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  const std::string md5 = ferry::base64_encode(ferry::md5(request.http.body));
  auto intact = blob::check_content_md5(request.http.headers, md5);
  if (!intact) return refuse(std::move(intact).error());
  auto list = blob::parse_flat_xml(request.http.body, "BlockList");
  if (!list) {
    blob::Refusal refusal{400, "InvalidXmlDocument", "XML specified is not syntactically valid."};
    refusal.details = {{"Reason", list.error().message}};
    return refuse(std::move(refusal));
  }
  if (list->size() > kMaxBlocks) {
    return refuse(400, "BlockListTooLong",
                  "The block list may not contain more than 50,000 blocks.");
  }
  auto existing = store_.find_blob(container->id, request.blob);
  if (!existing) return blob::refuse_internal(existing.error());
  std::vector<Piece> committed;
  if (*existing) {
    auto pieces = store_.pieces_of((*existing)->id);
    if (!pieces) return blob::refuse_internal(pieces.error());
    committed = *std::move(pieces);
  }
  auto uncommitted = store_.uncommitted_blocks(container->id, request.blob);
  if (!uncommitted) return blob::refuse_internal(uncommitted.error());
  auto pieces = resolve(*list, committed, *uncommitted);
  if (!pieces) return refuse(std::move(pieces).error());

  // Content headers and metadata come with the list; the type of this request is that of its XML.
  BlobRecord record;
  auto read = blob::read_blob_headers(request.http.headers, "", record);
  if (!read) return refuse(std::move(read).error());
  auto stored = commit_blob(request, *container, std::move(record), *pieces, create_only);
  if (!stored) return refuse(std::move(stored).error());
  net::HttpResponse response;
  response.status = 201;
  blob::set_version_headers(response.headers, stored->version);
  response.headers.set("Content-MD5", md5);
  response.headers.set("x-ms-request-server-encrypted", "true");
  return response;
}

BlobService::Response BlobService::get_block_list(const BlobRequest& request) {
  const std::string type = ferry::to_lower(request.query("blocklisttype"));
  if (!type.empty() && type != "all" && type != "committed" && type != "uncommitted") {
    return blob::refuse_query("blocklisttype", type);
  }
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto existing = store_.find_blob(container->id, request.blob);
  if (!existing) return blob::refuse_internal(existing.error());
  auto uncommitted = store_.uncommitted_blocks(container->id, request.blob);
  if (!uncommitted) return blob::refuse_internal(uncommitted.error());
  if (!*existing && uncommitted->empty()) {
    return refuse(404, "BlobNotFound", "The specified blob does not exist.");
  }
  std::vector<Piece> committed;
  net::Headers headers;
  if (*existing) {
    auto pieces = store_.pieces_of((*existing)->id);
    if (!pieces) return blob::refuse_internal(pieces.error());
    committed = *std::move(pieces);
    blob::set_version_headers(headers, (*existing)->version);
  }
  blob::XmlWriter xml;
  xml.open("BlockList");
  if (type != "uncommitted") write_blocks(xml, "CommittedBlocks", committed);
  if (type == "uncommitted" || type == "all") write_blocks(xml, "UncommittedBlocks", *uncommitted);
  xml.close("BlockList");
  net::HttpResponse response = blob::xml_response(std::move(xml).finish());
  for (const auto& [name, value] : headers.fields()) response.headers.set(name, value);
  response.headers.set("x-ms-blob-content-length",
                       std::to_string(*existing ? (*existing)->size : 0));
  return response;
}

}  // namespace drydock
