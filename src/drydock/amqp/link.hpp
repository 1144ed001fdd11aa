// SPDX-License-Identifier: Apache-2.0
// A node's grip on its link. Calls after the link has gone do nothing, so that what was begun for a
// message may end later: hold it weakly.
#pragma once

#include "drydock/amqp/container.hpp"

struct pn_link_t;
struct pn_delivery_t;

namespace drydock::amqp {

class Connection;

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Connection& connection, pn_link_t* link, AttachRequest request);

  const AttachRequest& request() const { return request_; }
  const std::string& target_address() const { return target_address_; }
  bool is_open() const { return link_ != nullptr; }

  // Whether the peer has granted credit and takes what was sent before.
  bool can_send() const;
  // `tag` names an unsettled delivery; without one the message goes out settled.
  void send(std::string_view message, std::string_view tag = {});
  // Whether the peer insists on settling.
  bool peer_settles() const;
  void settle(std::uint64_t delivery, const Settlement& settlement);
  // Ends the link.
  void detach(const Refusal& refusal);
  // Has Node::ready called soon, though the peer did nothing: there is something to send.
  void wake();

 private:
  friend class Connection;
  void take(pn_delivery_t* delivery);
  void take_settlement(pn_delivery_t* delivery);
  void gone();
  bool is_too_large() const;

  Connection* connection_;
  pn_link_t* link_;
  AttachRequest request_;
  std::string target_address_;
  std::unique_ptr<Node> node_;
  std::uint64_t next_tag_ = 0;
  std::uint64_t next_delivery_ = 1;
  std::map<std::uint64_t, pn_delivery_t*> deliveries_;  // that wait for an answer
  std::string incoming_;                                // of the delivery that is coming in
};

}  // namespace drydock::amqp
