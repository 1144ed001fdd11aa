// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_client.hpp"

#include <array>
#include <deque>
#include <unordered_map>

namespace ferry::net::mqtt {
namespace {

constexpr std::size_t kUnsentLimit = 1024 * 1024;       // publish() waits above it
constexpr std::size_t kUnreadLimit = 16 * 1024 * 1024;  // nobody takes messages: give up above it

Error refusal(ConnectCode code) {
  Error error{Code::unauthenticated, fmt::format("MQTT server refused: {}", to_string(code))};
  if (code == ConnectCode::server_unavailable) error.code = Code::unavailable;
  if (code == ConnectCode::unacceptable_protocol_version) error.code = Code::unsupported;
  return error;
}

Error out_of_turn(const Packet& packet) {
  return Error{Code::invalid_argument,
               fmt::format("MQTT server sent {} out of turn", packet_name(packet))};
}

}  // namespace

struct Client::State {
  State(Executor executor, std::unique_ptr<Stream> connection, ClientOptions wishes)
      : stream(std::move(connection)),
        options(std::move(wishes)),
        decoder(options.max_packet),
        work_to_send(executor),
        sent(executor),
        pong(executor),
        arrived(executor),
        ended(executor),
        executor_(executor) {}

  // What a request waits for: the acknowledgement with its packet id.
  struct Pending {
    explicit Pending(Executor executor) : done(executor) {}
    Notifier done;
    std::optional<Packet> answer;
  };
  using Self = std::shared_ptr<State>;

  static Task<Result<Connack>> shake_hands(Self self);
  static Task<Result<std::optional<Packet>>> read_packet(Self self);
  static Task<void> read_all(Self self);
  static Task<void> write_all(Self self);
  static Task<void> keep_alive(Self self);
  // Sends what `write` appends for a fresh packet id and waits for the acknowledgement.
  template <class Write>
  static Task<Result<Packet>> request(Self self, Write write);

  Result<void> handle(Packet packet);
  Result<void> handle_publish(Publish publish);
  void deliver(Message message);
  void end(Error reason);
  Result<std::uint16_t> free_packet_id();

  std::unique_ptr<Stream> stream;
  ClientOptions options;
  Decoder decoder;
  std::string unsent;
  bool flushed = true;
  bool session_present = false;
  std::unordered_map<std::uint16_t, std::shared_ptr<Pending>> pending;
  std::uint16_t last_id = 0;
  std::deque<Message> inbox;
  std::size_t inbox_bytes = 0;
  std::shared_ptr<std::function<void(Message)>> callback;
  bool awaiting_pong = false;
  std::optional<Error> reason;  // set when the connection has ended
  Notifier work_to_send;
  Notifier sent;
  Notifier pong;
  Notifier arrived;
  Notifier ended;

 private:
  Executor executor_;
};

void Client::State::end(Error why) {
  if (reason) return;
  reason = std::move(why);
  stream->close();
  for (auto& [id, waiting] : pending) waiting->done.notify();
  for (Notifier* notifier : {&work_to_send, &sent, &pong, &arrived, &ended}) notifier->notify();
}

Result<std::uint16_t> Client::State::free_packet_id() {
  if (pending.size() >= 65'535) {
    return fail(Code::resource_exhausted, "65,535 MQTT packets wait for their acknowledgement");
  }
  do {
    if (++last_id == 0) last_id = 1;
  } while (pending.contains(last_id));
  return last_id;
}

void Client::State::deliver(Message message) {
  if (callback) {
    const auto keep = callback;
    (*keep)(std::move(message));
    return;
  }
  inbox_bytes += message.topic.size() + message.payload.size();
  inbox.push_back(std::move(message));
  arrived.notify();
  if (inbox_bytes > kUnreadLimit) {
    end(Error{Code::resource_exhausted, "MQTT messages arrive faster than they are taken"});
  }
}

Result<void> Client::State::handle_publish(Publish publish) {
  if (publish.message.qos == QoS::exactly_once) {
    return fail(Code::invalid_argument, "MQTT server sent QoS 2, which was not asked for");
  }
  if (publish.message.qos == QoS::at_least_once) {
    if (auto done = encode(Puback{publish.packet_id}, unsent); !done) return done;
    work_to_send.notify();
  }
  deliver(std::move(publish.message));
  return {};
}

Result<void> Client::State::handle(Packet packet) {
  std::uint16_t id = 0;
  if (auto* publish = std::get_if<Publish>(&packet)) return handle_publish(std::move(*publish));
  if (std::holds_alternative<Pingresp>(packet)) {
    awaiting_pong = false;
    pong.notify();
    return {};
  }
  if (const auto* puback = std::get_if<Puback>(&packet)) id = puback->packet_id;
  if (const auto* suback = std::get_if<Suback>(&packet)) id = suback->packet_id;
  if (const auto* unsuback = std::get_if<Unsuback>(&packet)) id = unsuback->packet_id;
  if (id == 0) return fail(out_of_turn(packet));
  // An acknowledgement for something that is not waited for any more is harmless.
  if (const auto waiting = pending.find(id); waiting != pending.end()) {
    waiting->second->answer = std::move(packet);
    waiting->second->done.notify();
  }
  return {};
}

Task<Result<std::optional<Packet>>> Client::State::read_packet(Self self) {
  std::array<char, 16 * 1024> buffer;
  while (true) {
    auto packet = self->decoder.next();
    if (!packet || *packet) co_return packet;
    const auto count = co_await self->stream->read_some(buffer);
    if (!count) co_return fail(count.error());
    if (*count == 0) co_return std::optional<Packet>();
    self->decoder.feed(std::string_view(buffer.data(), *count));
  }
}

Task<Result<Connack>> Client::State::shake_hands(Self self) {
  const ClientOptions& options = self->options;
  Connect connect;
  connect.client_id = options.client_id;
  connect.clean_session = options.clean_session;
  connect.keep_alive =
      static_cast<std::uint16_t>(std::clamp<std::int64_t>(options.keep_alive.count(), 0, 65'535));
  connect.username = options.username;
  connect.password = options.password;
  connect.will = options.will;
  std::string bytes;
  auto encoded = encode(connect, bytes);
  if (!encoded) co_return fail(std::move(encoded).error());
  self->stream->set_deadline(std::chrono::steady_clock::now() + options.response_timeout);
  auto written = co_await self->stream->write(bytes);
  if (!written) co_return fail(std::move(written).error().with("send CONNECT"));
  auto packet = co_await read_packet(self);
  if (!packet) co_return fail(std::move(packet).error().with("wait for CONNACK"));
  self->stream->set_deadline(std::nullopt);
  if (!*packet) {
    co_return fail(Code::unavailable, "MQTT server closed the connection instead of answering");
  }
  const auto* connack = std::get_if<Connack>(&**packet);
  if (!connack) co_return fail(out_of_turn(**packet));
  if (connack->code != ConnectCode::accepted) co_return fail(refusal(connack->code));
  co_return *connack;
}

Task<void> Client::State::read_all(Self self) {
  while (!self->reason) {
    auto packet = co_await read_packet(self);
    if (!packet) {
      self->end(std::move(packet).error());
      break;
    }
    if (!*packet) {
      self->end(Error{Code::unavailable, "MQTT server closed the connection"});
      break;
    }
    auto handled = self->handle(**std::move(packet));
    if (!handled) self->end(std::move(handled).error());
  }
}

Task<void> Client::State::write_all(Self self) {
  std::string batch;
  while (!self->reason) {
    if (self->unsent.empty()) {
      self->flushed = true;
      self->sent.notify();
      co_await self->work_to_send.wait();
      continue;
    }
    self->flushed = false;
    batch.clear();
    std::swap(batch, self->unsent);
    self->sent.notify();
    auto written = co_await self->stream->write(batch);
    if (!written) self->end(std::move(written).error());
  }
}

Task<void> Client::State::keep_alive(Self self) {
  // Half the promised interval, so that a late ping is still in time, and a dead connection is
  // found although nothing is sent.
  const auto interval = std::chrono::milliseconds(self->options.keep_alive) / 2;
  while (!self->reason) {
    co_await self->ended.wait_for(interval);
    if (self->reason) break;
    self->awaiting_pong = true;
    static_cast<void>(encode(Pingreq{}, self->unsent));
    self->work_to_send.notify();
    co_await self->pong.wait_for(self->options.response_timeout);
    if (self->awaiting_pong) {
      self->end(Error{Code::deadline_exceeded, "MQTT server did not answer a ping in time"});
    }
  }
}

template <class Write>
Task<Result<Packet>> Client::State::request(Self self, Write write) {
  while (!self->reason && self->unsent.size() > kUnsentLimit) co_await self->sent.wait();
  if (self->reason) co_return fail(*self->reason);
  const auto id = self->free_packet_id();
  if (!id) co_return fail(id.error());
  auto written = write(*id, self->unsent);
  if (!written) co_return fail(std::move(written).error());
  const auto waiting = std::make_shared<Pending>(self->executor_);
  self->pending.emplace(*id, waiting);
  self->work_to_send.notify();
  co_await waiting->done.wait_for(self->options.response_timeout);
  self->pending.erase(*id);
  if (waiting->answer) co_return *std::move(waiting->answer);
  if (!self->reason) {
    self->end(Error{Code::deadline_exceeded, "MQTT server did not acknowledge in time"});
  }
  co_return fail(*self->reason);
}

Task<Result<std::unique_ptr<Client>>> Client::connect(std::unique_ptr<Stream> stream,
                                                      ClientOptions options) {
  const Executor executor = co_await current_executor();
  const bool pings = options.keep_alive.count() > 0;
  const auto state = std::make_shared<State>(executor, std::move(stream), std::move(options));
  auto connack = co_await State::shake_hands(state);
  if (!connack) {
    state->end(connack.error());
    co_return fail(std::move(connack).error());
  }
  state->session_present = connack->session_present;
  spawn(executor, State::read_all(state));
  spawn(executor, State::write_all(state));
  if (pings) spawn(executor, State::keep_alive(state));
  co_return std::unique_ptr<Client>(new Client(state));
}

Client::~Client() {
  close();
}
bool Client::session_present() const {
  return state_->session_present;
}
bool Client::is_open() const {
  return !state_->reason;
}
void Client::close() {
  state_->end(Error{Code::cancelled, "MQTT connection closed"});
}

Task<Result<void>> Client::publish(std::string topic, std::string payload, QoS qos) {
  const auto state = state_;
  if (qos == QoS::exactly_once) {
    co_return fail(Code::unsupported, "publishing with QoS 2 is not supported");
  }
  if (qos == QoS::at_least_once) {
    const auto write = [&](std::uint16_t id, std::string& out) {
      return encode_publish(topic, payload, QoS::at_least_once, id, out);
    };
    auto answer = co_await State::request(state, write);
    if (!answer) co_return fail(std::move(answer).error());
    if (!std::holds_alternative<Puback>(*answer)) co_return fail(out_of_turn(*answer));
    co_return Result<void>();
  }
  while (!state->reason && state->unsent.size() > kUnsentLimit) co_await state->sent.wait();
  if (state->reason) co_return fail(*state->reason);
  auto written = encode_publish(topic, payload, qos, 0, state->unsent);
  if (written) state->work_to_send.notify();
  co_return written;
}

Task<Result<void>> Client::subscribe(std::vector<TopicFilter> filters) {
  const auto state = state_;
  for (const TopicFilter& filter : filters) {
    if (filter.qos == QoS::exactly_once) {
      co_return fail(Code::unsupported, "subscribing with QoS 2 is not supported");
    }
    if (!is_valid_topic_filter(filter.filter)) {
      co_return fail(Code::invalid_argument, "'{}' is not an MQTT topic filter", filter.filter);
    }
  }
  const auto write = [&](std::uint16_t id, std::string& out) {
    return encode(Subscribe{id, filters}, out);
  };
  auto answer = co_await State::request(state, write);
  if (!answer) co_return fail(std::move(answer).error());
  const auto* suback = std::get_if<Suback>(&*answer);
  if (!suback || suback->codes.size() != filters.size()) co_return fail(out_of_turn(*answer));
  for (std::size_t index = 0; index < filters.size(); ++index) {
    if (suback->codes[index] != kSubscriptionRefused) continue;
    co_return fail(Code::permission_denied, "MQTT server refused the subscription to '{}'",
                   filters[index].filter);
  }
  co_return Result<void>();
}

Task<Result<void>> Client::unsubscribe(std::vector<std::string> filters) {
  const auto state = state_;
  const auto write = [&](std::uint16_t id, std::string& out) {
    return encode(Unsubscribe{id, filters}, out);
  };
  auto answer = co_await State::request(state, write);
  if (!answer) co_return fail(std::move(answer).error());
  if (!std::holds_alternative<Unsuback>(*answer)) co_return fail(out_of_turn(*answer));
  co_return Result<void>();
}

void Client::on_message(std::function<void(Message)> callback) {
  const auto state = state_;
  state->callback = std::make_shared<std::function<void(Message)>>(std::move(callback));
  while (!state->inbox.empty()) {
    Message message = std::move(state->inbox.front());
    state->inbox.pop_front();
    (*state->callback)(std::move(message));
  }
  state->inbox_bytes = 0;
}

Task<Result<Message>> Client::next_message() {
  const auto state = state_;
  while (state->inbox.empty()) {
    if (state->reason) co_return fail(*state->reason);
    co_await state->arrived.wait();
  }
  Message message = std::move(state->inbox.front());
  state->inbox.pop_front();
  state->inbox_bytes -= message.topic.size() + message.payload.size();
  co_return message;
}

Task<void> Client::disconnect() {
  const auto state = state_;
  if (!state->reason) {
    static_cast<void>(encode(Disconnect{}, state->unsent));
    state->work_to_send.notify();
    state->flushed = false;
  }
  const auto give_up = std::chrono::steady_clock::now() + state->options.response_timeout;
  while (!state->reason && !state->flushed && std::chrono::steady_clock::now() < give_up) {
    co_await state->sent.wait_for(state->options.response_timeout);
  }
  state->end(Error{Code::cancelled, "MQTT connection closed"});
}

Task<Error> Client::wait_closed() {
  const auto state = state_;
  while (!state->reason) co_await state->ended.wait();
  co_return *state->reason;
}

}  // namespace ferry::net::mqtt
