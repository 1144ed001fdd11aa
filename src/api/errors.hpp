// SPDX-License-Identifier: Apache-2.0
// Errors as the HTTP API shows them (docs/api.md): one table for the status, one shape for the
// body.
#pragma once

#include "base/json.hpp"
#include "net/http.hpp"

namespace ferry::api {

int status_of(Code code);

// {"error": {"code", "message", "hint", "details"}}. The steps that led to the error (its context)
// are for the log, not for the caller.
net::HttpResponse error_response(const Error& error, json::object details = {});

net::HttpResponse json_response(int status, const json::value& body);
net::HttpResponse no_content();  // 204

}  // namespace ferry::api
