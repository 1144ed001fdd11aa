// SPDX-License-Identifier: Apache-2.0
#include "azure/blob/client.hpp"

#include <cstdlib>

#include "base/crypto.hpp"

namespace ferry::azure {
namespace {

// The oldest version that every emulator of the last years and the real service take.
constexpr const char* kVersion = "2021-12-02";
constexpr std::size_t kSinglePut = std::size_t{64} << 20;
constexpr std::size_t kBlock = std::size_t{16} << 20;
constexpr std::string_view kMetadata = "x-ms-meta-";

std::string blob_path(std::string_view container, std::string_view name) {
  return percent_encode(container) + "/" + percent_encode_path(name);
}

BlobProperties read_properties(const net::HttpResponse& response, std::string name) {
  BlobProperties blob;
  blob.name = std::move(name);
  blob.etag = response.headers.get_or("ETag", "");
  blob.content_type = response.headers.get_or("Content-Type", "");
  blob.content_md5 = response.headers.get_or("Content-MD5", "");
  blob.last_modified = response.headers.get_or("Last-Modified", "");
  blob.size = std::strtoull(response.headers.get_or("Content-Length", "0").c_str(), nullptr, 10);
  for (const auto& [field, value] : response.headers.fields()) {
    std::string lower = to_lower(field);
    if (lower.compare(0, kMetadata.size(), kMetadata) == 0) {
      blob.metadata[lower.substr(kMetadata.size())] = value;
    }
  }
  return blob;
}

// All ids of a blob must have the same length.
std::string block_id(std::size_t number) {
  return base64_encode(fmt::format("block-{:06}", number));
}

void describe_content(net::HttpCall& call, const PutBlobOptions& options,
                      std::string_view content) {
  call.headers.set("x-ms-blob-content-type", options.content_type);
  call.headers.set("x-ms-blob-content-md5", base64_encode(md5(content)));
  for (const auto& [name, value] : options.metadata) {
    call.headers.set(std::string(kMetadata) + name, value);
  }
  if (options.only_if_absent) call.headers.set("If-None-Match", "*");
}

}  // namespace

BlobClient::BlobClient(Pipeline& pipeline, std::string endpoint, StorageKey key)
    : pipeline_(pipeline),
      endpoint_(std::move(endpoint)),
      authorize_(authorize_with_shared_key(std::move(key), pipeline_.clock())) {
  while (!endpoint_.empty() && endpoint_.back() == '/') endpoint_.pop_back();
}

Request BlobClient::request(std::string method, std::string path, FormFields query) const {
  Request request;
  request.call.method = std::move(method);
  request.call.url = endpoint_ + "/" + path;
  if (!query.empty()) request.call.url += "?" + format_form(query);
  request.call.headers.set("x-ms-version", kVersion);
  request.call.timeout = std::chrono::minutes(10);
  request.deadline = std::chrono::minutes(15);
  request.authorize = authorize_;
  return request;
}

net::Task<Result<void>> BlobClient::ensure_container(std::string container) {
  FormFields query = {{"restype", "container"}};
  Request create = request("PUT", percent_encode(container), std::move(query));
  const std::string what = describe_call(create.call);
  auto response = co_await pipeline_.exchange(std::move(create));
  if (!response) co_return fail(std::move(response).error());
  if (response->status < 400) co_return Result<void>();
  const ServiceError error = read_service_error(*response);
  if (error.code == "ContainerAlreadyExists") co_return Result<void>();
  co_return fail(to_error(error, what).with("create container {}", container));
}

net::Task<Result<void>> BlobClient::delete_container(std::string container) {
  FormFields query = {{"restype", "container"}};
  auto response =
      co_await pipeline_.send(request("DELETE", percent_encode(container), std::move(query)));
  if (!response && response.error().code != Code::not_found) {
    co_return fail(std::move(response).error().with("delete container {}", container));
  }
  co_return Result<void>();
}

net::Task<Result<void>> BlobClient::put_blocks(std::string container, std::string name,
                                               const std::string& content,
                                               std::string& block_list) {
  block_list = R"(<?xml version="1.0" encoding="utf-8"?><BlockList>)";
  std::size_t number = 0;
  for (std::size_t offset = 0; offset < content.size(); offset += kBlock, ++number) {
    const std::string id = block_id(number);
    FormFields query = {{"comp", "block"}, {"blockid", id}};
    Request put = request("PUT", blob_path(container, name), std::move(query));
    put.call.body = content.substr(offset, kBlock);
    put.call.headers.set("Content-MD5", base64_encode(md5(put.call.body)));
    auto response = co_await pipeline_.send(std::move(put));
    if (!response) co_return fail(std::move(response).error());
    block_list += "<Latest>" + id + "</Latest>";
  }
  block_list += "</BlockList>";
  co_return Result<void>();
}

net::Task<Result<BlobProperties>> BlobClient::put(std::string container, std::string name,
                                                  std::string content, PutBlobOptions options) {
  Request put;
  const std::size_t size = content.size();
  const std::string path = blob_path(container, name);
  if (size <= kSinglePut) {
    put = request("PUT", path);
    put.call.headers.set("x-ms-blob-type", "BlockBlob");
    describe_content(put.call, options, content);
    put.call.body = std::move(content);
  } else {
    std::string block_list;
    auto sent = co_await put_blocks(container, name, content, block_list);
    if (!sent) co_return fail(std::move(sent).error().with("write blob {}/{}", container, name));
    FormFields query = {{"comp", "blocklist"}};
    put = request("PUT", path, std::move(query));
    put.call.headers.set("Content-Type", "application/xml");
    describe_content(put.call, options, content);
    put.call.body = std::move(block_list);
  }
  auto response = co_await pipeline_.send(std::move(put));
  if (!response) {
    Error error = std::move(response).error();
    // Depending on the operation, an existing blob is 409 or 412.
    if (options.only_if_absent && error.code == Code::precondition_failed) {
      error.code = Code::conflict;
    }
    co_return fail(std::move(error).with("write blob {}/{}", container, name));
  }
  BlobProperties blob = read_properties(*response, std::move(name));
  blob.size = size;
  blob.content_type = options.content_type;
  co_return blob;
}

net::Task<Result<Blob>> BlobClient::get(std::string container, std::string name) {
  auto response = co_await pipeline_.send(request("GET", blob_path(container, name)));
  if (!response) {
    co_return fail(std::move(response).error().with("read blob {}/{}", container, name));
  }
  BlobProperties properties = read_properties(*response, std::move(name));
  properties.size = response->body.size();
  co_return Blob(std::move(properties), std::move(response->body));
}

net::Task<Result<BlobProperties>> BlobClient::head(std::string container, std::string name) {
  auto response = co_await pipeline_.send(request("HEAD", blob_path(container, name)));
  if (!response) {
    co_return fail(std::move(response).error().with("look at blob {}/{}", container, name));
  }
  co_return read_properties(*response, std::move(name));
}

net::Task<Result<void>> BlobClient::remove(std::string container, std::string name) {
  auto response = co_await pipeline_.send(request("DELETE", blob_path(container, name)));
  if (!response && response.error().code != Code::not_found) {
    co_return fail(std::move(response).error().with("delete blob {}/{}", container, name));
  }
  co_return Result<void>();
}

net::Task<Result<BlobPage>> BlobClient::list_page(std::string container, std::string prefix,
                                                  std::string marker, std::string delimiter,
                                                  int page_size) {
  FormFields query = {{"restype", "container"}, {"comp", "list"}};
  if (!prefix.empty()) query.emplace_back("prefix", prefix);
  if (!marker.empty()) query.emplace_back("marker", marker);
  if (!delimiter.empty()) query.emplace_back("delimiter", delimiter);
  query.emplace_back("maxresults", std::to_string(page_size));
  auto response =
      co_await pipeline_.send(request("GET", percent_encode(container), std::move(query)));
  if (!response) co_return fail(std::move(response).error().with("list blobs of {}", container));
  co_return parse_blob_list(response->body);
}

net::Task<Result<std::vector<BlobProperties>>> BlobClient::list(std::string container,
                                                                std::string prefix) {
  std::vector<BlobProperties> blobs;
  std::string marker;
  do {
    auto page = co_await list_page(container, prefix, marker);
    if (!page) co_return fail(std::move(page).error());
    for (auto& blob : page->blobs) blobs.push_back(std::move(blob));
    marker = std::move(page->marker);
  } while (!marker.empty());
  co_return blobs;
}

}  // namespace ferry::azure
