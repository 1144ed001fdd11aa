// SPDX-License-Identifier: Apache-2.0
// Shared access signatures: rights in the URL, signed with an account key (Storage REST, "Create a
// service SAS", "Create an account SAS"). What is signed depends on the version `sv`.
#pragma once

#include <optional>

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

// Checks signature by either key, validity, protocol, address, and that the rights cover the
// request's operation.
Outcome<SasGrant> check_sas(const BlobRequest& request, const StorageAccountInfo& account,
                            ferry::Timestamp now);

// What an account SAS or a service SAS signs, by its own parameters; exposed to hold it against
// vectors. Nothing when `sv` is older than 2015-04-05 or parameters are missing.
std::optional<std::string> sas_string_to_sign(const BlobRequest& request);

}  // namespace drydock::blob
