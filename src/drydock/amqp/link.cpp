// SPDX-License-Identifier: Apache-2.0
#include "drydock/amqp/link.hpp"

#include <proton/delivery.h>
#include <proton/disposition.h>
#include <proton/link.h>
#include <proton/session.h>

#include "drydock/amqp/connection.hpp"
#include "drydock/amqp/engine.hpp"

namespace drydock::amqp {
namespace {

constexpr std::size_t kUnsentLimit = 512 * 1024;  // bytes of a session

Settlement settlement_of(pn_delivery_t* delivery) {
  switch (pn_delivery_remote_state(delivery)) {
    case PN_REJECTED:
      return {Settlement::State::rejected, std::nullopt};
    case PN_RELEASED:
      return {Settlement::State::released, std::nullopt};
    case PN_MODIFIED:
      return {Settlement::State::modified, std::nullopt};
    case PN_ACCEPTED:
      return {Settlement::State::accepted, std::nullopt};
    default:  // settled without saying how: the peer has no more interest in it
      return {
          pn_delivery_settled(delivery) ? Settlement::State::accepted : Settlement::State::released,
          std::nullopt};
  }
}

}  // namespace

Link::Link(Connection& connection, pn_link_t* link, AttachRequest request)
    : connection_(&connection), link_(link), request_(std::move(request)) {
  const char* target = pn_terminus_get_address(pn_link_remote_target(link));
  target_address_ = target == nullptr ? "" : target;
}

bool Link::can_send() const {
  return link_ != nullptr && pn_link_is_sender(link_) && pn_link_credit(link_) > 0 &&
         pn_session_outgoing_bytes(pn_link_session(link_)) < kUnsentLimit;
}

bool Link::peer_settles() const {
  return link_ != nullptr && pn_link_remote_snd_settle_mode(link_) == PN_SND_UNSETTLED;
}

void Link::send(std::string_view message, std::string_view tag) {
  if (link_ == nullptr) return;
  const std::string own_tag = tag.empty() ? std::to_string(next_tag_++) : std::string(tag);
  pn_delivery_t* delivery = pn_delivery(link_, pn_dtag(own_tag.data(), own_tag.size()));
  if (delivery == nullptr) return;
  pn_link_send(link_, message.data(), message.size());
  pn_link_advance(link_);
  if (tag.empty()) pn_delivery_settle(delivery);
  connection_->changed_.notify();
}

bool Link::is_too_large() const {
  const std::uint64_t most = node_ ? node_->max_message_size() : 0;
  return most != 0 && incoming_.size() > most;
}

void Link::take(pn_delivery_t* delivery) {
  while (pn_delivery_pending(delivery) > 0) {
    const std::size_t size = pn_delivery_pending(delivery);
    const std::size_t before = incoming_.size();
    incoming_.resize(before + size);
    const ssize_t count = pn_link_recv(link_, incoming_.data() + before, size);
    incoming_.resize(before + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count <= 0) break;
    if (is_too_large()) incoming_.resize(node_->max_message_size() + 1);  // to be refused
  }
  if (pn_delivery_partial(delivery) && !pn_delivery_aborted(delivery)) return;
  const std::uint32_t format = connection_->tap_.take_message_format(request_.link);
  std::string bytes = std::exchange(incoming_, {});
  pn_link_advance(link_);
  if (pn_delivery_aborted(delivery)) {
    pn_delivery_settle(delivery);
    pn_link_flow(link_, 1);
    return;
  }
  const std::uint64_t id = next_delivery_++;
  deliveries_[id] = delivery;
  const std::uint64_t most = node_->max_message_size();
  if (most != 0 && bytes.size() > most) {
    settle(id, {Settlement::State::rejected,
                Refusal{std::string(kTooLarge),
                        fmt::format("a message to this link has at most {} bytes", most)}});
    return;
  }
  node_->received(*this, id, format, std::move(bytes));
}

void Link::settle(std::uint64_t delivery_id, const Settlement& settlement) {
  const auto found = deliveries_.find(delivery_id);
  if (link_ == nullptr || found == deliveries_.end()) return;
  pn_delivery_t* delivery = found->second;
  deliveries_.erase(found);
  switch (settlement.state) {
    case Settlement::State::accepted:
      pn_delivery_update(delivery, PN_ACCEPTED);
      break;
    case Settlement::State::rejected:
      if (settlement.error) {
        put_condition(pn_disposition_condition(pn_delivery_local(delivery)), *settlement.error);
      }
      pn_delivery_update(delivery, PN_REJECTED);
      break;
    case Settlement::State::released:
    case Settlement::State::modified:
      pn_delivery_update(delivery, PN_RELEASED);
      break;
  }
  pn_delivery_settle(delivery);
  pn_link_flow(link_, 1);
  connection_->changed_.notify();
}

void Link::take_settlement(pn_delivery_t* delivery) {
  if (pn_delivery_remote_state(delivery) == 0 && !pn_delivery_settled(delivery)) return;
  const pn_delivery_tag_t tag = pn_delivery_tag(delivery);
  const std::string name(tag.start == nullptr ? "" : std::string(tag.start, tag.size));
  const Settlement settlement = settlement_of(delivery);
  pn_delivery_settle(delivery);
  if (node_) node_->settled(*this, name, settlement);
}

void Link::detach(const Refusal& refusal) {
  if (link_ == nullptr) return;
  put_condition(pn_link_condition(link_), refusal);
  pn_link_close(link_);
  Connection* connection = connection_;
  gone();
  connection->changed_.notify();
}

void Link::wake() {
  if (link_ != nullptr) connection_->changed_.notify();
}

void Link::gone() {
  link_ = nullptr;
  deliveries_.clear();
  // The node may be the one that is calling: it ends when the connection forgets the link.
}

}  // namespace drydock::amqp
