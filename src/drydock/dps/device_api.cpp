// SPDX-License-Identifier: Apache-2.0
// What devices ask for, over HTTPS and over MQTT.
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "drydock/dps/service.hpp"

namespace drydock::dps {
namespace {

namespace mqtt = ferry::net::mqtt;
using ferry::net::HttpResponse;

constexpr int kRetryAfter = 1;  // seconds
constexpr std::size_t kLongestPacket = 128 * 1024;
constexpr std::string_view kResponses = "$dps/registrations/res/";
constexpr std::string_view kRegister = "$dps/registrations/PUT/iotdps-register/";
constexpr std::string_view kStatus = "$dps/registrations/GET/iotdps-get-operationstatus/";

// The register call is always answered with 202 first, as the real service does.
json::object assigning(const std::string& operation_id) {
  return {{"operationId", operation_id}, {"status", "assigning"}};
}

// A value of the "?$rid=1&operationId=2" behind a topic.
std::string topic_parameter(std::string_view topic, std::string_view name) {
  const std::size_t question = topic.find('?');
  if (question == std::string_view::npos) return {};
  for (const std::string& item : ferry::split(topic.substr(question + 1), '&')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || item.compare(0, equals, name) != 0) continue;
    return item.substr(equals + 1);
  }
  return {};
}

Proof proof_of(const ferry::net::HttpRequest& request) {
  return {request.peer.certificate_chain, request.headers.get_or("Authorization", "")};
}

// A body is a JSON object; with `registrationId` it must be the device's, and its `payload` is for
// an allocation webhook alone: it is taken, and nobody gets it.
Outcome<void> check_register_body(std::string_view text, std::string_view registration_id) {
  if (ferry::trim(text).empty()) return {};
  const auto body = ferry::parse_json_object(std::string(text));
  if (!body) return refuse(400004, "the body is not a JSON object");
  if (!ferry::equals_ignore_case(
          ferry::string_or(*body, "registrationId", std::string(registration_id)),
          registration_id)) {
    return refuse(400004, "the registration ids in the body and in the request differ");
  }
  return {};
}

}  // namespace

bool is_provisioning_user_name(std::string_view user_name) {
  const auto parts = ferry::split(user_name, '/');
  return parts.size() >= 3 && ferry::equals_ignore_case(parts[1], "registrations");
}

ProvisioningService::Answer ProvisioningService::register_device(const Call& call) {
  const std::string& id = call.parameters.at("id");
  auto body = check_register_body(call.request.body, id);
  if (!body) return refuse(std::move(body).error());
  auto operation = registrar_.enroll(call.info, id, proof_of(call.request));
  if (!operation) return refuse(std::move(operation).error());
  auto response = json_response(202, assigning(*operation));
  response.headers.set("Retry-After", std::to_string(kRetryAfter));
  response.headers.set("Location", fmt::format("/{}/registrations/{}/operations/{}",
                                               call.info.id_scope, id, *operation));
  return response;
}

ProvisioningService::Answer ProvisioningService::operation_status(const Call& call) {
  auto record = registrar_.operation(call.info, call.parameters.at("id"),
                                     call.parameters.at("operation"), proof_of(call.request));
  if (!record) return refuse(std::move(record).error());
  return json_response(200, *record);
}

ProvisioningService::Answer ProvisioningService::look_up_registration(const Call& call) {
  auto state = registrar_.look_up(call.info, call.parameters.at("id"), proof_of(call.request));
  if (!state) return refuse(std::move(state).error());
  return json_response(200, *state);
}

void ProvisioningService::handle_publish(iot_hub::MqttLink& link, const mqtt::Publish& publish,
                                         const std::string& scope,
                                         const std::string& registration_id, const Proof& proof) {
  const std::string_view topic = publish.message.topic;
  const std::string rid = topic_parameter(topic, "$rid");
  // Clients insist on PUBACK before the answer.
  if (publish.packet_id != 0) link.send(mqtt::Puback{publish.packet_id});
  const auto answer = [&](int status, const json::object& body) {
    std::string reply = fmt::format("{}{}/?$rid={}", kResponses, status, rid);
    if (status == 202) reply += fmt::format("&retry-after={}", kRetryAfter);
    link.send_publish(reply, json::serialize(body));
  };
  const auto answer_refusal = [&](const Refusal& refusal) {
    answer(refusal.status(), error_body(refusal, clock_.now()));
  };
  const auto info = directory_.find_provisioning_service_by_scope(scope);
  if (!info) return answer_refusal({404201, fmt::format("there is no id scope '{}'", scope)});
  if (topic.starts_with(kRegister)) {
    const auto body = check_register_body(publish.message.payload, registration_id);
    if (!body) return answer_refusal(body.error());
    const auto operation = registrar_.enroll(*info, registration_id, proof);
    if (!operation) return answer_refusal(operation.error());
    return answer(202, assigning(*operation));
  }
  if (topic.starts_with(kStatus)) {
    const auto record =
        registrar_.operation(*info, registration_id, topic_parameter(topic, "operationId"), proof);
    if (!record) return answer_refusal(record.error());
    return answer(200, *record);
  }
  link.close();
}

ferry::net::Task<void> ProvisioningService::serve_device(std::shared_ptr<iot_hub::MqttLink> link,
                                                         mqtt::Connect connect) {
  const auto parts = ferry::split(connect.username.value_or(""), '/');
  const bool fits = parts.size() >= 3 && ferry::equals_ignore_case(parts[2], connect.client_id);
  if (!fits) {
    ferry::log::info("dps", "CONNECT of '{}' refused: client id and user name differ",
                     connect.client_id);
    link->send(mqtt::Connack{false, mqtt::ConnectCode::not_authorized});
    co_await link->close_after_sending();
    co_return;
  }
  // Whether the proof is good is told by the answer to the registration, with its reason.
  const Proof proof{link->peer().certificate_chain,
                    connect.password ? std::string(connect.password->reveal()) : std::string()};
  const std::string scope = parts[0];
  const std::string registration_id = connect.client_id;
  const auto patience = std::chrono::seconds(
      connect.keep_alive == 0 ? 600 : std::min(600, connect.keep_alive * 3 / 2 + 1));
  link->send(mqtt::Connack{});
  while (!link->is_closed()) {
    auto packet = co_await link->read(std::chrono::steady_clock::now() + patience);
    if (!packet || !*packet) break;
    if (const auto* publish = std::get_if<mqtt::Publish>(&**packet)) {
      if (publish->message.qos == mqtt::QoS::exactly_once) break;
      if (publish->message.payload.size() > kLongestPacket) break;
      handle_publish(*link, *publish, scope, registration_id, proof);
    } else if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&**packet)) {
      mqtt::Suback suback{subscribe->packet_id, {}};
      for (const auto& wanted : subscribe->filters) {
        const bool good = wanted.filter.starts_with(kResponses);
        const bool at_most_once = wanted.qos == mqtt::QoS::at_most_once;
        suback.codes.push_back(!good ? mqtt::kSubscriptionRefused : at_most_once ? 0 : 1);
      }
      link->send(suback);
    } else if (const auto* unsubscribe = std::get_if<mqtt::Unsubscribe>(&**packet)) {
      link->send(mqtt::Unsuback{unsubscribe->packet_id});
    } else if (std::holds_alternative<mqtt::Pingreq>(**packet)) {
      link->send(mqtt::Pingresp{});
    } else if (!std::holds_alternative<mqtt::Puback>(**packet)) {
      break;
    }
  }
  co_await link->close_after_sending();
}

}  // namespace drydock::dps
