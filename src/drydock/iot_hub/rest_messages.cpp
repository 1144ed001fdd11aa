// SPDX-License-Identifier: Apache-2.0
// Messages by HTTP: what a device sends and fetches without MQTT, its queue as the service sees it,
// and feedback.
#include "drydock/iot_hub/device_messages.hpp"
#include "drydock/iot_hub/rest.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::net::HttpResponse;
using ferry::net::Task;

constexpr std::size_t kMessageLimit = 256 * 1024;

HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  return response;
}

Outcome<HttpResponse> respond(Outcome<void> done) {
  if (!done) return refuse(std::move(done).error());
  return no_content();
}

}  // namespace

Task<Outcome<HttpResponse>> send_event(Call& call) {
  Hub& hub = call.hub;
  const EntityKey key = call.key();
  auto found = hub.require(key);
  if (!found) co_return refuse(std::move(found).error());
  Entity& entity = **found;
  TelemetryMessage message;
  message.hub = hub.name();
  message.device = key.device;
  message.module = key.module;
  message.generation_id = entity.identity.generation_id;
  message.authentication = call.proof.method;
  message.properties = property_bag_of(call.request.headers);
  message.body = call.request.body;
  message.enqueued = hub.now();
  if (message.properties.size() + message.body.size() > kMessageLimit) {
    co_return refuse(413001, "a message has at most {} bytes", kMessageLimit);
  }
  entity.last_activity = hub.now();
  // Shared with the answer of the stores, which may come when nobody waits any more.
  const auto stored = std::make_shared<std::optional<bool>>();
  const auto executor = co_await ferry::net::current_executor();
  const auto answered = std::make_shared<ferry::net::Notifier>(executor);
  call.services.router.deliver(std::move(message), &entity.twin, [stored, answered](bool done) {
    *stored = done;
    answered->notify();
  });
  while (!stored->has_value()) co_await answered->wait();
  if (!**stored) co_return refuse(500001, "the message could not be stored");
  co_return no_content();
}

Outcome<HttpResponse> receive_message(Call& call) {
  const EntityKey key = call.key();
  if (auto known = call.hub.require(key); !known) return refuse(std::move(known).error());
  auto next = call.hub.messages()->lock_next(call.hub.name(), key.device);
  if (!next) return refuse(std::move(next).error());
  if (!*next) return no_content();
  return devicebound_response(**next);
}

Outcome<HttpResponse> settle_message(Call& call) {
  const std::string& token = call.parameters.at("lock");
  const bool rejected = call.request.query_value("reject").has_value();
  auto& messages = *call.hub.messages();
  return respond(rejected ? messages.reject(token) : messages.complete(token));
}

Outcome<HttpResponse> abandon_message(Call& call) {
  return respond(call.hub.messages()->abandon(call.parameters.at("lock")));
}

Outcome<HttpResponse> purge_messages(Call& call) {
  const EntityKey key = call.key();
  if (auto known = call.hub.require(key); !known) return refuse(std::move(known).error());
  auto purged = call.hub.messages()->purge(call.hub.name(), key.device);
  if (!purged) return refuse(std::move(purged).error());
  return json_response(
      200, json::object{
               {"deviceId", key.device}, {"moduleId", nullptr}, {"totalMessagesPurged", *purged}});
}

Outcome<HttpResponse> receive_feedback(Call& call) {
  auto batch = call.hub.messages()->lock_feedback(call.hub.name());
  if (!batch) return refuse(std::move(batch).error());
  if (!*batch) return no_content();
  auto response = json_response(200, to_json(**batch));
  response.headers.set("Content-Type", "application/vnd.microsoft.iothub.feedback.json");
  response.headers.set("ETag", fmt::format("\"{}\"", (*batch)->lock_token));
  response.headers.set("iothub-enqueuedtime", ferry::format_rfc3339((*batch)->enqueued));
  return response;
}

Outcome<HttpResponse> settle_feedback(Call& call) {
  return respond(call.hub.messages()->complete_feedback(call.parameters.at("lock")));
}

Outcome<HttpResponse> abandon_feedback(Call& call) {
  return respond(call.hub.messages()->abandon_feedback(call.parameters.at("lock")));
}

}  // namespace drydock::iot_hub
