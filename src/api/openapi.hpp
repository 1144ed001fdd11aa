// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.hpp"

namespace ferry::api {

// The description of the HTTP API (OpenAPI 3.1): the files of src/api/openapi, one per noun, put
// together. openapi.json there holds what is common.
json::object openapi_description();

}  // namespace ferry::api
