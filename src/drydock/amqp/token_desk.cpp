// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/token_desk.hpp"

#include "base/log.hpp"

namespace drydock::amqp {
namespace {

constexpr std::size_t kMostClaims = 1000;

std::string text_of(const Value* value) {
  return value == nullptr ? std::string() : std::string(value->text().value_or(""));
}

}  // namespace

TokenDesk::TokenDesk(Connection& connection)
    : RequestReply(
          [&connection](const Message& request) { return put_token(connection, request); }) {}

Reply TokenDesk::put_token(Connection& connection, const Message& request) {
  if (text_of(request.application_property("operation")) != "put-token") {
    return {400, "$cbs knows the operation put-token", std::string(kNotAllowed), ""};
  }
  const std::string type = text_of(request.application_property("type"));
  const std::string audience = text_of(request.application_property("name"));
  const auto token = request.value ? request.value->text() : std::nullopt;
  if (audience.empty() || !token) {
    return {400, "a token needs a name and a body", std::string(kArgument), ""};
  }
  if (connection.claims_.size() >= kMostClaims && !connection.claims_.contains(audience)) {
    return {403, "there are too many tokens on this connection", std::string(kLimit), ""};
  }
  auto claim =
      connection.container_->check_token(type, audience, ferry::Secret(std::string(*token)));
  if (!claim) {
    ferry::log::info("amqp", "token for {} refused: {}", audience, claim.error().describe());
    const bool missing = claim.error().code == ferry::Code::not_found;
    return {missing ? 404 : 401, claim.error().message,
            std::string(missing ? kNotFound : kUnauthorized), ""};
  }
  connection.claims_[audience] = *std::move(claim);
  return {};
}

}  // namespace drydock::amqp
