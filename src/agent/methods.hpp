// SPDX-License-Identifier: Apache-2.0
// The direct methods of $edgeAgent: ping, RestartModule, GetModuleLogs, GetTaskStatus.
#pragma once

#include "agent/log_selection.hpp"
#include "agent/supervisor.hpp"

namespace ferry::agent {

struct MethodReply {
  int status = 200;
  std::string body = "null";  // JSON
};

class Methods {
 public:
  // Both borrowed.
  Methods(Supervisor& supervisor, const Clock& clock) : supervisor_(supervisor), clock_(clock) {}

  // Names compare without case. Bad arguments are 400, anything else that fails 500, with
  // {"message"}; an unknown name is 400 with the names that there are.
  net::Task<MethodReply> call(std::string name, std::string payload);

 private:
  net::Task<Result<json::value>> dispatch(std::string name, json::value payload);
  net::Task<Result<json::value>> restart_module(json::value payload);
  net::Task<Result<json::value>> get_module_logs(json::value payload);
  net::Task<Result<json::value>> logs_of(std::string module, LogItem item, bool as_json);

  Supervisor& supervisor_;
  const Clock& clock_;
};

}  // namespace ferry::agent
