// SPDX-License-Identifier: Apache-2.0
// $cbs, where a peer puts its tokens (claims-based security, as Service Bus speaks it).
#pragma once

#include "drydock/amqp/connection.hpp"
#include "drydock/amqp/request_reply.hpp"

namespace drydock::amqp {

class TokenDesk final : public RequestReply {
 public:
  static constexpr std::string_view kAddress = "$cbs";
  explicit TokenDesk(Connection& connection);

 private:
  static Reply put_token(Connection& connection, const Message& request);
};

}  // namespace drydock::amqp
