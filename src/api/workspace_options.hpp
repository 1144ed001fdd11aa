// SPDX-License-Identifier: Apache-2.0
// Parts of a workspace's description that several routes take.
#pragma once

#include "base/json.hpp"
#include "fleet/types.hpp"

namespace ferry::api {

// {"hub","provisioningService","storageAccount","registry"}: full Azure ids; all may be absent.
Result<fleet::AdoptedResources> read_adopted(const json::object& body);  // its member "adopt"
// Null when nothing is adopted.
json::value to_json(const fleet::AdoptedResources& adopted);

}  // namespace ferry::api
