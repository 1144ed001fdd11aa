// SPDX-License-Identifier: Apache-2.0
// Whatever a peer sends, the AMQP connection ends in time and without a crash, links or not; and
// whatever message it manages to send comes back as a message.
#pragma once

#include "drydock/amqp/connection.hpp"
#include "drydock/amqp/request_reply.hpp"
#include "drydock/messaging/entity.hpp"
#include "drydock/messaging/event_codec.hpp"

namespace drydock::fuzzing {

class OpenClaim final : public amqp::Claim {};

// Takes events and gives them back, and answers requests; lets everybody in.
class EchoContainer final : public amqp::Container {
 public:
  using ClaimResult = ferry::Result<std::shared_ptr<const amqp::Claim>>;
  ClaimResult check_password(std::string_view, const ferry::Secret&) override {
    return std::make_shared<OpenClaim>();
  }
  ClaimResult check_token(std::string_view, std::string_view, const ferry::Secret&) override {
    return std::make_shared<OpenClaim>();
  }
  amqp::Outcome<void> authorize(const amqp::AttachRequest&, const amqp::Claims&) override {
    return {};
  }
  amqp::Outcome<std::unique_ptr<amqp::Node>> attach(const amqp::AttachRequest& request,
                                                    const amqp::Claims&) override {
    if (request.selector) (void)messaging::parse_selector(*request.selector);
    const auto address = messaging::parse_entity(request.address);
    if (!address) return amqp::refuse(std::string(amqp::kNotFound), "nothing is there");
    if (address->kind == messaging::EntityAddress::Kind::management) {
      return desk_->make_node(request.peer_sends);
    }
    return std::make_unique<EchoNode>(events_);
  }
  std::size_t events() const { return events_->size(); }

 private:
  using Events = std::vector<event_hubs::StoredEvent>;
  class EchoNode final : public amqp::Node {
   public:
    explicit EchoNode(std::shared_ptr<Events> events) : events_(std::move(events)) {}
    std::uint64_t max_message_size() const override { return 100'000; }
    void received(amqp::Link& link, std::uint64_t delivery, std::uint32_t format,
                  std::string bytes) override {
      auto decoded = messaging::decode_events(format, bytes);
      if (!decoded) {
        return link.settle(delivery, {amqp::Settlement::State::rejected,
                                      amqp::Refusal{"amqp:decode-error", "no message"}});
      }
      for (event_hubs::Event& event : *decoded) {
        event_hubs::StoredEvent stored{static_cast<std::int64_t>(events_->size()), 0,
                                       std::move(event)};
        FERRY_CHECK(amqp::parse_message(messaging::encode_event(stored, nullptr, {})).has_value());
        if (events_->size() < 100) events_->push_back(std::move(stored));
      }
      link.settle(delivery, {});
    }
    void ready(amqp::Link& link) override {
      while (next_ < events_->size() && link.can_send()) {
        const std::string tag = link.peer_settles() ? std::to_string(next_) : "";
        link.send(messaging::encode_event((*events_)[next_++], nullptr, {}), tag);
      }
    }

   private:
    std::shared_ptr<Events> events_;
    std::size_t next_ = 0;
  };

  std::shared_ptr<Events> events_ = std::make_shared<Events>();
  std::shared_ptr<amqp::RequestReply> desk_ =
      std::make_shared<amqp::RequestReply>([](const amqp::Message&) { return amqp::Reply(); });
};

// A peer that says its bytes, lets the other side speak in between, and goes.
class RecitingStream final : public ferry::net::Stream {
 public:
  RecitingStream(std::string bytes, std::string& answer)
      : bytes_(std::move(bytes)), answer_(answer) {}
  ferry::net::Task<ferry::Result<std::size_t>> read_some(std::span<char> buffer) override {
    co_await ferry::net::sleep_for(std::chrono::milliseconds(0));
    if (closed_) co_return ferry::fail(ferry::Code::unavailable, "closed");
    const std::size_t count = std::min({buffer.size(), bytes_.size() - at_, kAtOnce});
    std::copy_n(bytes_.data() + at_, count, buffer.data());
    at_ += count;
    co_return count;
  }
  ferry::net::Task<ferry::Result<void>> write(std::string_view bytes) override {
    answer_ += bytes;
    co_return ferry::Result<void>();
  }
  void close() override { closed_ = true; }
  void set_deadline(std::optional<ferry::net::SteadyTime>) override {}
  const ferry::net::PeerInfo& peer() const override { return peer_; }

 private:
  static constexpr std::size_t kAtOnce =
      64;  // so that frames find the answers to earlier ones written
  std::string bytes_;
  std::string& answer_;
  std::size_t at_ = 0;
  bool closed_ = false;
  ferry::net::PeerInfo peer_;
};

// What the server says to these bytes.
inline ferry::net::Task<std::string> converse(std::string bytes, const ferry::Clock& clock) {
  std::string answer;
  auto find = [](std::string_view) { return std::make_unique<EchoContainer>(); };
  co_await amqp::Connection::serve(std::make_unique<RecitingStream>(std::move(bytes), answer),
                                   "fuzz", clock, std::move(find));
  co_return answer;
}

inline std::string try_amqp(std::string_view bytes) {
  ferry::net::EventLoop loop;
  static const ferry::SystemClock clock;
  return loop.run_until_done(converse(std::string(bytes), clock));
}

}  // namespace drydock::fuzzing
