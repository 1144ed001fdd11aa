// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/engine.hpp"

#include <proton/sasl.h>
#include <proton/sasl_plugin.h>
#include <proton/transport.h>

#include "drydock/amqp/connection.hpp"

namespace drydock::amqp {
namespace {

constexpr const char* kMechanisms = "MSSBCBS PLAIN ANONYMOUS EXTERNAL";

void nothing(pn_transport_t*) {}

const char* list_mechanisms(pn_transport_t*) {
  return kMechanisms;
}

bool init_server(pn_transport_t* transport) {
  pnx_sasl_set_desired_state(transport, SASL_POSTED_MECHANISMS);
  return true;
}

bool init_client(pn_transport_t*) {
  return false;
}

void process_init(pn_transport_t* transport, const char* mechanism, const pn_bytes_t* response) {
  auto* connection = static_cast<Connection*>(pnx_sasl_get_context(transport));
  const std::string_view bytes = response == nullptr || response->start == nullptr
                                     ? std::string_view()
                                     : std::string_view(response->start, response->size);
  if (connection != nullptr && mechanism != nullptr && connection->admit(mechanism, bytes)) {
    pnx_sasl_set_succeeded(transport, "peer", nullptr);
  } else {
    pnx_sasl_set_failed(transport);
  }
  pnx_sasl_set_desired_state(transport, SASL_POSTED_OUTCOME);
}

void process_response(pn_transport_t* transport, const pn_bytes_t*) {
  pnx_sasl_set_failed(transport);  // nothing was asked
  pnx_sasl_set_desired_state(transport, SASL_POSTED_OUTCOME);
}

bool process_mechanisms(pn_transport_t*, const char*) {
  return false;
}
void process_challenge(pn_transport_t*, const pn_bytes_t*) {}
void process_outcome(pn_transport_t*, const pn_bytes_t*) {}

bool can_encrypt(pn_transport_t*) {
  return false;
}
ssize_t max_encrypt_size(pn_transport_t*) {
  return 0;
}
ssize_t pass(pn_transport_t*, pn_bytes_t, pn_bytes_t*) {
  return 0;
}

constexpr pnx_sasl_implementation kSasl = {nothing,
                                           list_mechanisms,
                                           init_server,
                                           init_client,
                                           nothing,
                                           process_init,
                                           process_response,
                                           process_mechanisms,
                                           process_challenge,
                                           process_outcome,
                                           can_encrypt,
                                           max_encrypt_size,
                                           pass,
                                           pass};

}  // namespace

void use_own_sasl(pn_transport_t* transport, Connection& connection) {
  pn_sasl(transport);  // makes what the next call fills
  pnx_sasl_set_implementation(transport, &kSasl, &connection);
}

void put_condition(pn_condition_t* condition, const Refusal& refusal) {
  pn_condition_set_name(condition, refusal.condition.c_str());
  pn_condition_set_description(condition, refusal.description.c_str());
  if (refusal.info.empty()) return;
  pn_data_t* info = pn_condition_info(condition);
  pn_data_put_map(info);
  pn_data_enter(info);
  for (const auto& [key, value] : refusal.info) {
    pn_data_put_symbol(info, pn_bytes(key.size(), key.data()));
    if (key == "port") {
      pn_data_put_int(info, std::atoi(value.c_str()));
    } else {
      pn_data_put_string(info, pn_bytes(value.size(), value.data()));
    }
  }
  pn_data_exit(info);
}

std::string encoded(pn_data_t* data) {
  if (data == nullptr || pn_data_size(data) == 0) return {};
  const ssize_t size = pn_data_encoded_size(data);
  if (size <= 0) return {};
  std::string bytes(static_cast<std::size_t>(size), '\0');
  const ssize_t written = pn_data_encode(data, bytes.data(), bytes.size());
  if (written < 0) return {};
  bytes.resize(static_cast<std::size_t>(written));
  return bytes;
}

}  // namespace drydock::amqp
