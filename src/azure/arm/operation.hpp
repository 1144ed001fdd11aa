// SPDX-License-Identifier: Apache-2.0
// Long-running operations of Resource Manager (ARM RPC, "Asynchronous operations"), in their three
// styles: Azure-AsyncOperation (a status document), Location (202 until done), and the resource's
// own provisioningState.
#pragma once

#include <functional>
#include <string>

#include "azure/arm/client.hpp"

namespace ferry::azure::arm {

enum class OperationStyle { status_document, location, resource_state, finished };

// How the operation that `first` answered is to be followed.
OperationStyle operation_style(const net::HttpResponse& first, std::string_view method);

// "Succeeded", "Failed", "Canceled" in any case and spelling; everything else is under way.
bool is_terminal(std::string_view state);
bool is_success(std::string_view state);

struct Poller {
  std::function<net::Task<Result<net::HttpResponse>>(std::string url)> get;
  std::function<net::Task<void>(std::chrono::milliseconds)> sleep;
  const Clock* clock;
  std::chrono::milliseconds interval;  // where the service names none
  std::chrono::milliseconds deadline;
};

// Follows the operation to its end; the value is the body of the last answer (null when it was
// empty). For a resource_state operation that is the resource. An operation that failed or was
// cancelled is an Error with the service's code and words.
net::Task<Result<json::value>> follow_operation(Poller poller, net::HttpResponse first,
                                                std::string method, std::string url,
                                                Progress progress);

}  // namespace ferry::azure::arm
