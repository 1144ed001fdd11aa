// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/request_reply.hpp"

#include <algorithm>

namespace drydock::amqp {
namespace {

constexpr std::uint64_t kLargestRequest = 64 * 1024;
constexpr std::size_t kMostWaiting = 100;  // replies for which there is no credit

std::string encode_reply(const Reply& reply, const Message& request) {
  Encoder out;
  Properties properties;
  properties.raw_correlation_id = request.message_id.encoded();
  put_properties(out, properties);
  const auto map = begin_map_section(out, kApplicationProperties);
  out.string("status-code");
  out.integer(reply.status);
  out.string("status-description");
  out.string(reply.description);
  std::uint32_t count = 4;
  if (!reply.condition.empty()) {
    out.string("error-condition");
    out.symbol(reply.condition);
    count += 2;
  }
  out.end(map, count);
  out.descriptor(kValue);
  reply.body.empty() ? out.null() : out.raw(reply.body);
  return out.take();
}

}  // namespace

class RequestReply::RequestNode final : public Node {
 public:
  explicit RequestNode(std::shared_ptr<RequestReply> desk) : desk_(std::move(desk)) {}
  std::uint64_t max_message_size() const override { return kLargestRequest; }
  void received(Link& link, std::uint64_t delivery, std::uint32_t, std::string bytes) override {
    link.settle(delivery, {});
    desk_->answer(bytes);
  }

 private:
  std::shared_ptr<RequestReply> desk_;
};

class RequestReply::ReplyNode final : public Node {
 public:
  explicit ReplyNode(std::shared_ptr<RequestReply> desk) : desk_(std::move(desk)) {}
  ~ReplyNode() override { desk_->waiting_.erase(link_); }
  void attached(Link& link) override {
    link_ = &link;
    std::erase_if(desk_->reply_links_, [](const auto& known) { return known.expired(); });
    desk_->reply_links_.push_back(link.weak_from_this());
  }
  void ready(Link& link) override {
    auto& waiting = desk_->waiting_[&link];
    while (!waiting.empty() && link.can_send()) {
      link.send(waiting.front());
      waiting.pop_front();
    }
  }

 private:
  std::shared_ptr<RequestReply> desk_;
  const Link* link_ = nullptr;
};

std::unique_ptr<Node> RequestReply::make_node(bool peer_sends) {
  if (peer_sends) return std::make_unique<RequestNode>(shared_from_this());
  return std::make_unique<ReplyNode>(shared_from_this());
}

std::shared_ptr<Link> RequestReply::find_reply_link(std::string_view reply_to) {
  std::shared_ptr<Link> latest;
  std::shared_ptr<Link> by_address;
  for (const auto& weak : reply_links_) {
    const auto link = weak.lock();
    if (!link || !link->is_open()) continue;
    if (!reply_to.empty() && link->request().link == reply_to) return link;
    if (!reply_to.empty() && link->target_address() == reply_to) by_address = link;
    latest = link;
  }
  return by_address ? by_address : latest;
}

void RequestReply::answer(std::string_view bytes) {
  const auto request = parse_message(bytes);
  if (!request) return;  // there is nobody to tell
  const auto link = find_reply_link(request->reply_to.text().value_or(""));
  const Reply reply = handler_(*request);
  if (!link) return;
  auto& waiting = waiting_[link.get()];
  if (waiting.size() >= kMostWaiting) return;
  waiting.push_back(encode_reply(reply, *request));
  link->wake();
}

}  // namespace drydock::amqp
