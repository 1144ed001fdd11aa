// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/methods.hpp"

namespace drydock::iot_hub {
namespace {

constexpr std::size_t kPayloadLimit = 128 * 1024;
constexpr std::chrono::milliseconds kLook{50};  // for a device that is expected to connect

bool is_ready(Hub& hub, const EntityKey& key) {
  const Entity* entity = hub.find(key);
  return entity && entity->session && entity->session->accepts_methods();
}

json::value payload_of(const std::string& text) {
  if (text.empty()) return nullptr;
  auto value = ferry::parse_json(text);
  return value ? *std::move(value) : json::value(text);
}

}  // namespace

ferry::net::Task<Outcome<ferry::net::HttpResponse>> MethodCalls::invoke(std::shared_ptr<Hub> hub,
                                                                        EntityKey key,
                                                                        json::object body) {
  const std::string name = ferry::string_or(body, "methodName", "");
  const auto response_time = std::chrono::seconds(
      std::clamp<std::int64_t>(ferry::int_or(body, "responseTimeoutInSeconds", 30), 1, 300));
  const auto connect_time = std::chrono::seconds(
      std::clamp<std::int64_t>(ferry::int_or(body, "connectTimeoutInSeconds", 0), 0, 300));
  const json::value* given = body.if_contains("payload");
  const std::string payload = given ? json::serialize(*given) : "null";
  if (name.empty()) co_return refuse(400004, "methodName is missing");
  if (name.find_first_of("/+#?") != std::string::npos || name.size() > 128) {
    co_return refuse(400004, "methodName has a character that does not fit into a topic");
  }
  if (payload.size() > kPayloadLimit) {
    co_return refuse(413001, "the payload has {} bytes, the limit is {}", payload.size(),
                     kPayloadLimit);
  }
  if (auto known = hub->require(key); !known) co_return refuse(std::move(known).error());
  const auto online_by = std::chrono::steady_clock::now() + connect_time;
  while (!is_ready(*hub, key)) {
    if (std::chrono::steady_clock::now() >= online_by) {
      co_return refuse(404103, "the device {} is not connected, or does not take methods",
                       key.device);
    }
    co_await ferry::net::sleep_for(kLook);
  }
  const std::string id = fmt::format("{:x}", next_id_++);
  const auto pending = std::make_shared<Pending>(executor_);
  pending->hub = hub.get();
  pending->key = key;
  pending_[id] = pending;
  hub->find(key)->session->call_method(name, id, payload);
  co_await pending->answered.wait_for(response_time);
  pending_.erase(id);
  if (!pending->answer) {
    co_return refuse(504101, "the device {} did not answer the method {} in {} s", key.device, name,
                     response_time.count());
  }
  co_return json_response(200, json::object{{"status", pending->answer->first},
                                            {"payload", payload_of(pending->answer->second)}});
}

void MethodCalls::complete(const Hub& hub, const EntityKey& key, const std::string& call_id,
                           int status, std::string payload) {
  const auto found = pending_.find(call_id);
  if (found == pending_.end() || found->second->hub != &hub || found->second->key != key) return;
  found->second->answer.emplace(status, std::move(payload));
  found->second->answered.notify();
}

}  // namespace drydock::iot_hub
