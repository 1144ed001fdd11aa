// SPDX-License-Identifier: Apache-2.0
// What a request asks of Blob Storage: its host name, path, `restype` and `comp` together name one
// operation of the REST interface.
#pragma once

#include "drydock/blob/refusal.hpp"

namespace drydock::blob {

enum class Operation {
  list_containers,
  account_information,
  create_container,
  get_container,
  set_container_metadata,
  delete_container,
  list_blobs,
  put_blob,
  put_block,
  put_block_list,
  get_block_list,
  get_blob,
  head_blob,
  get_blob_metadata,
  set_blob_metadata,
  set_blob_properties,
  set_blob_tier,
  get_blob_tags,
  set_blob_tags,
  lease_blob,
  lease_container,
  get_container_acl,
  set_container_acl,
  copy_blob,  // a Put Blob with x-ms-copy-source
  delete_blob,
  get_user_delegation_key,
  batch,
};

struct BlobRequest {
  std::string account;    // lower case
  std::string container;  // empty for operations on the account
  std::string blob;       // decoded; empty for operations on the account or a container
  Operation operation = Operation::get_blob;
  net::HttpRequest http;

  std::string header(std::string_view name) const { return http.headers.get_or(name, ""); }
  std::string query(std::string_view name) const { return http.query_value(name).value_or(""); }
};

// Refuses what Drydock does not do with 501 APINotImplemented, and headers whose meaning it would
// lose with 400: never does half of what was asked.
Outcome<BlobRequest> parse_request(net::HttpRequest http);

using Metadata = std::vector<std::pair<std::string, std::string>>;
// The x-ms-meta-* headers; 400 InvalidMetadata for names that are no C# identifiers.
Outcome<Metadata> metadata_of(const net::Headers& headers);

bool valid_container_name(std::string_view name);

}  // namespace drydock::blob
