// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "net/http_client.hpp"

namespace ferry::oci {

// {"errors":[{"code":"BLOB_UNKNOWN","message":"..."}]} in words; `what` is the request without
// query.
Error read_registry_error(const net::HttpResponse& response, std::string_view what);

// Method and URL without query, which may hold an upload's state.
std::string describe(const net::HttpCall& call);

}  // namespace ferry::oci
