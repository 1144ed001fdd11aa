// SPDX-License-Identifier: Apache-2.0
// Blob Storage, x-ms-version 2021-12-02, block blobs only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "azure/blob/shared_key.hpp"
#include "azure/pipeline.hpp"

namespace ferry::azure {

struct BlobProperties {
  std::string name;
  std::uint64_t size = 0;
  std::string etag;  // quoted as sent; list results are quoted likewise
  std::string content_type;
  std::string content_md5;  // base64; may be empty
  std::string last_modified;
  std::map<std::string, std::string> metadata;  // head and get only
};

struct PutBlobOptions {
  std::string content_type = "application/octet-stream";
  bool only_if_absent = false;                  // Code::conflict when the blob exists
  std::map<std::string, std::string> metadata;  // plain lower-case names
};

struct Blob {
  BlobProperties properties;
  std::string content;
};

struct BlobPage {
  std::vector<BlobProperties> blobs;
  std::vector<std::string> prefixes;  // when listing with a delimiter
  std::string marker;                 // empty: last page
};

// One storage account. Belongs to one loop; `pipeline` must outlive it. Names are given decoded.
class BlobClient {
 public:
  // `endpoint`: "https://account.blob.core.windows.net/", or "http://127.0.0.1:10000/account" (path
  // style, plain http to loopback only).
  BlobClient(Pipeline& pipeline, std::string endpoint, StorageKey key);

  // Private container; that it is there already is success.
  net::Task<Result<void>> ensure_container(std::string container);
  net::Task<Result<void>> delete_container(std::string container);  // gone already is success

  // Uploads whole, or above 64 MiB in blocks of 16 MiB; readers see the old blob or the new one.
  net::Task<Result<BlobProperties>> put(std::string container, std::string name,
                                        std::string content, PutBlobOptions options = {});
  net::Task<Result<Blob>> get(std::string container, std::string name);
  net::Task<Result<BlobProperties>> head(std::string container, std::string name);
  net::Task<Result<void>> remove(std::string container, std::string name);  // gone is success
  net::Task<Result<BlobPage>> list_page(std::string container, std::string prefix,
                                        std::string marker, std::string delimiter = {},
                                        int page_size = 5000);
  // All blobs whose name begins with `prefix`, in name order.
  net::Task<Result<std::vector<BlobProperties>>> list(std::string container, std::string prefix);

 private:
  Request request(std::string method, std::string path, FormFields query = {}) const;
  net::Task<Result<void>> put_blocks(std::string container, std::string name,
                                     const std::string& content, std::string& block_list);
  Pipeline& pipeline_;
  std::string endpoint_;
  Authorize authorize_;
};

// The answer of List Blobs.
Result<BlobPage> parse_blob_list(std::string_view xml);

}  // namespace ferry::azure
