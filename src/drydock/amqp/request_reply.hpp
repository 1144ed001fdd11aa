// SPDX-License-Identifier: Apache-2.0
// Requests and replies over a pair of links ($cbs, $management): the peer sends to one and receives
// from the other, and says in reply-to which.
#pragma once

#include <deque>
#include <functional>

#include "drydock/amqp/link.hpp"

namespace drydock::amqp {

struct Reply {
  std::int32_t status = 200;
  std::string description = "OK";
  std::string condition;  // "amqp:not-found"; of a failure
  std::string body;       // an encoded value; empty for null
};

class RequestReply : public std::enable_shared_from_this<RequestReply> {
 public:
  using Handler = std::function<Reply(const Message& request)>;
  explicit RequestReply(Handler handler) : handler_(std::move(handler)) {}
  virtual ~RequestReply() = default;

  // The end of a link by which the peer sends requests, or receives replies.
  std::unique_ptr<Node> make_node(bool peer_sends);

 private:
  class RequestNode;
  class ReplyNode;
  void answer(std::string_view bytes);
  // By link name, then by target address, then the latest of all: Azure's clients do each of these.
  std::shared_ptr<Link> find_reply_link(std::string_view reply_to);

  Handler handler_;
  std::vector<std::weak_ptr<Link>> reply_links_;
  std::map<const Link*, std::deque<std::string>> waiting_;  // for credit
};

}  // namespace drydock::amqp
