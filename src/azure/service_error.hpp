// SPDX-License-Identifier: Apache-2.0
// What Azure services say when they refuse. Every service has its own shape; one reader takes them
// all:
//   Resource Manager   {"error":{"code":"ResourceNotFound","message":"..."}}
//   Microsoft.Devices  {"code":400016,"httpStatusCode":400,"message":"..."}
//   IoT Hub            {"Message":"ErrorCode:DeviceNotFound;...","ExceptionMessage":"Tracking
//   ID:..."} DPS                {"errorCode":401002,"trackingId":"...","message":"..."} Entra ID
//   {"error":"invalid_client","error_description":"AADSTS7000215: ..."} Storage
//   <Error><Code>BlobNotFound</Code><Message>...</Message></Error>, x-ms-error-code
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "net/http.hpp"

namespace ferry::azure {

struct ServiceError {
  int status = 0;
  std::string code;     // "ResourceNotFound", "404001", "BlobNotFound"; empty when nothing was said
  std::string message;  // one line; empty when nothing was said
  std::string request_id;
  std::optional<std::chrono::milliseconds> retry_after;  // asked for by the service
};

// For answers with a status of 400 and above. Never fails: what cannot be read stays empty.
ServiceError read_service_error(const net::HttpResponse& response);

// `what` is the request in words without secrets, such as "PUT https://host/path" (no query).
Error to_error(const ServiceError& error, std::string_view what);

// The one table from HTTP status (and a few service codes) to Code.
Code code_of(const ServiceError& error);

}  // namespace ferry::azure
