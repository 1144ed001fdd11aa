// SPDX-License-Identifier: Apache-2.0
#include "agent/twin_session.hpp"

#include "base/log.hpp"

namespace ferry::agent {
namespace {

using net::Task;
namespace mqtt = net::mqtt;

constexpr std::string_view kApiVersion = "2021-04-12";
constexpr std::chrono::seconds kConnectTimeout{20};
constexpr std::chrono::seconds kReplyTimeout{30};
constexpr std::chrono::seconds kKeepAlive{120};

// {"errorCode":403100,"message":"..."}; the hub's own clients look at the body before the status.
Error twin_error(int status, std::string_view body) {
  const Code code = status == 429                   ? Code::resource_exhausted
                    : status >= 400 && status < 500 ? Code::invalid_argument
                                                    : Code::unavailable;
  std::string details;
  if (const auto object = parse_json_object(body)) {
    details =
        fmt::format(": {} {}", int_or(*object, "errorCode", 0), string_or(*object, "message", ""));
  }
  return {code, fmt::format("the hub answered {}{}", status, details)};
}

}  // namespace

TwinSession::TwinSession(net::Executor executor, TwinEvents events)
    : executor_(executor), events_(std::move(events)), replied_(executor) {}

Task<Result<std::shared_ptr<TwinSession>>> TwinSession::open(net::Executor executor,
                                                             TwinSessionOptions options,
                                                             TwinEvents events) {
  auto stream =
      co_await net::connect_tls(options.tls, options.hub_host, options.mqtt_port, kConnectTimeout);
  if (!stream) co_return fail(std::move(stream).error().with("connect to {}", options.hub_host));
  mqtt::ClientOptions settings;
  settings.client_id = fmt::format("{}/{}", options.device_id, options.module_id);
  settings.username =
      fmt::format("{}/{}/?api-version={}", options.hub_host, settings.client_id, kApiVersion);
  settings.password = options.password;
  settings.clean_session = true;
  settings.keep_alive = kKeepAlive;
  auto client = co_await mqtt::Client::connect(*std::move(stream), std::move(settings));
  if (!client) co_return fail(std::move(client).error().with("log in at {}", options.hub_host));

  auto session = std::make_shared<TwinSession>(executor, std::move(events));
  session->client_ = *std::move(client);
  std::weak_ptr<TwinSession> weak = session;
  session->client_->on_message([weak](mqtt::Message message) {
    if (auto self = weak.lock()) self->receive(std::move(message));
  });
  std::vector<mqtt::TopicFilter> filters = {{std::string(kTwinReplies), mqtt::QoS::at_most_once},
                                            {std::string(kDesiredPatches), mqtt::QoS::at_most_once},
                                            {std::string(kMethodCalls), mqtt::QoS::at_most_once}};
  auto subscribed = co_await session->client_->subscribe(std::move(filters));
  if (!subscribed) co_return fail(std::move(subscribed).error().with("subscribe"));
  net::spawn(executor, watch(session));
  co_return session;
}

Task<void> TwinSession::watch(std::shared_ptr<TwinSession> self) {
  const Error reason = co_await self->client_->wait_closed();
  if (reason.code != Code::cancelled)
    log::warning("cloud", "connection lost: {}", reason.describe());
  self->replied_.notify();
  if (self->events_.on_closed) self->events_.on_closed();
}

Task<Result<TwinSession::Reply>> TwinSession::request(std::string topic, std::string rid,
                                                      std::string body) {
  pending_[rid];
  auto sent = co_await client_->publish(std::move(topic), std::move(body), mqtt::QoS::at_most_once);
  const auto deadline = std::chrono::steady_clock::now() + kReplyTimeout;
  while (sent && !pending_[rid] && client_->is_open()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    co_await replied_.wait_for(left);
  }
  const std::optional<Reply> reply = std::move(pending_[rid]);
  pending_.erase(rid);
  if (!sent) co_return fail(std::move(sent).error());
  if (reply) co_return *reply;
  if (!client_->is_open()) co_return fail(Code::unavailable, "the connection ended");
  co_return fail(Code::deadline_exceeded, "the hub did not answer");
}

Task<Result<json::object>> TwinSession::get_twin() {
  const std::string rid = std::to_string(next_rid_++);
  auto reply = co_await request(twin_get_topic(rid), rid, "");
  if (!reply) co_return fail(std::move(reply).error().with("get the twin"));
  if (reply->status != 200) {
    co_return fail(twin_error(reply->status, reply->body).with("get the twin"));
  }
  auto twin = parse_json_object(reply->body);
  if (!twin) co_return fail(std::move(twin).error().with("read the twin"));
  co_return *std::move(twin);
}

Task<Result<void>> TwinSession::patch_reported(json::object patch) {
  const std::string rid = std::to_string(next_rid_++);
  auto reply = co_await request(reported_patch_topic(rid), rid, json::serialize(patch));
  if (!reply) co_return fail(std::move(reply).error().with("report"));
  if (reply->status < 200 || reply->status >= 300) {
    co_return fail(twin_error(reply->status, reply->body).with("report"));
  }
  co_return Result<void>();
}

void TwinSession::receive(mqtt::Message message) {
  const HubTopic topic = parse_hub_topic(message.topic);
  if (const auto* reply = std::get_if<TwinReply>(&topic)) {
    const auto found = pending_.find(reply->rid);
    if (found == pending_.end()) return;  // an answer that came too late
    found->second = Reply{reply->status, std::move(message.payload)};
    replied_.notify();
  } else if (const auto* patch = std::get_if<DesiredPatch>(&topic)) {
    auto object = parse_json_object(message.payload);
    // An unreadable notification is a gap: version -1 makes the owner ask for the whole document.
    events_.on_desired(object ? *std::move(object) : json::object(), object ? patch->version : -1);
  } else if (const auto* call = std::get_if<MethodCall>(&topic)) {
    net::spawn(executor_, answer(shared_from_this(), *call, std::move(message.payload)));
  }
}

Task<void> TwinSession::answer(std::shared_ptr<TwinSession> self, MethodCall call,
                               std::string payload) {
  const MethodReply reply = co_await self->events_.on_method(call.name, std::move(payload));
  if (!self->is_open()) co_return;
  auto sent = co_await self->client_->publish(method_reply_topic(reply.status, call.rid),
                                              reply.body, mqtt::QoS::at_most_once);
  if (!sent) log::warning("cloud", "answer {}: {}", call.name, sent.error().describe());
}

Task<void> TwinSession::close() {
  if (client_) co_await client_->disconnect();
}

}  // namespace ferry::agent
