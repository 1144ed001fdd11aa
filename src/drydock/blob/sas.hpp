// SPDX-License-Identifier: Apache-2.0
// Shared access signatures: rights in the URL, signed with an account key or a user delegation key
// (Storage REST, "Create a service SAS", "Create an account SAS", "Create a user delegation SAS").
// What is signed depends on the version `sv`.
#pragma once

#include <optional>

#include "drydock/blob/access_policy.hpp"
#include "drydock/blob/request.hpp"
#include "drydock/directory.hpp"

namespace drydock::blob {

struct SasGrant {
  // True for a SAS that may create blobs but not overwrite them.
  bool create_only = false;
  // Response headers that the SAS prescribes (rscc, rscd, rsce, rscl, rsct).
  std::vector<std::pair<std::string, std::string>> response_headers;
};

// Whether the URL carries a signature at all.
bool has_sas(const net::HttpRequest& http);

// What a SAS is held against.
struct SasGround {
  const StorageAccountInfo& account;
  std::vector<AccessPolicy> policies;  // of the request's container
  std::string delegation_seed;
  ferry::Timestamp now;
};

// Checks signature, validity, protocol, address, and that the rights cover the request's operation.
// What a SAS leaves open the stored access policy says that it names.
Outcome<SasGrant> check_sas(const BlobRequest& request, const SasGround& ground);

// What a SAS signs, by its own parameters; exposed to hold it against vectors. Nothing when `sv` is
// older than 2015-04-05 or parameters are missing.
std::optional<std::string> sas_string_to_sign(const BlobRequest& request);

}  // namespace drydock::blob
