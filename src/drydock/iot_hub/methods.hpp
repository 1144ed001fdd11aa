// SPDX-License-Identifier: Apache-2.0
// Direct methods: a call waits here for the device's answer.
#pragma once

#include <map>
#include <memory>

#include "drydock/iot_hub/hub.hpp"
#include "net/http.hpp"

namespace drydock::iot_hub {

class MethodCalls {
 public:
  explicit MethodCalls(ferry::net::Executor executor) : executor_(executor) {}

  // `body` is {"methodName", "payload", "responseTimeoutInSeconds", "connectTimeoutInSeconds"}.
  // 404103 when the device is not connected or does not take methods, 504101 without an answer.
  ferry::net::Task<Outcome<ferry::net::HttpResponse>> invoke(std::shared_ptr<Hub> hub,
                                                             EntityKey key, json::object body);
  // The device's answer; one that nobody waits for is dropped.
  void complete(const Hub& hub, const EntityKey& key, const std::string& call_id, int status,
                std::string payload);

 private:
  struct Pending {
    explicit Pending(ferry::net::Executor executor) : answered(executor) {}
    const Hub* hub = nullptr;
    EntityKey key;
    ferry::net::Notifier answered;
    std::optional<std::pair<int, std::string>> answer;
  };
  ferry::net::Executor executor_;
  std::map<std::string, std::shared_ptr<Pending>> pending_;
  std::uint64_t next_id_ = 1;
};

}  // namespace drydock::iot_hub
