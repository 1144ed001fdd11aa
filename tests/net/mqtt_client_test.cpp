// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::net::mqtt {
namespace {

using namespace std::chrono_literals;

// The other end of the stream, as a script.
class Server {
 public:
  explicit Server(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  Task<std::optional<Packet>> receive() {
    std::array<char, 512> buffer;
    while (true) {
      auto packet = decoder_.next();
      EXPECT_TRUE(packet) << packet.error().describe();
      if (!packet || *packet) co_return packet ? *std::move(packet) : std::optional<Packet>();
      const auto count = co_await stream_->read_some(buffer);
      if (!count || *count == 0) co_return std::nullopt;
      decoder_.feed(std::string_view(buffer.data(), *count));
    }
  }
  Task<void> send(Packet packet) {
    std::string bytes;
    EXPECT_TRUE(encode(packet, bytes));
    co_await stream_->write(bytes);
  }
  template <class T>
  Task<T> expect() {
    auto packet = co_await receive();
    EXPECT_TRUE(packet && std::holds_alternative<T>(*packet));
    co_return packet&& std::holds_alternative<T>(*packet) ? std::get<T>(*packet) : T{};
  }
  void close() { stream_->close(); }

 private:
  std::unique_ptr<Stream> stream_;
  Decoder decoder_;
};

class MqttClientTest : public testing::Test {
 protected:
  MqttClientTest() {
    auto [here, there] = make_memory_streams(loop_.executor());
    client_end_ = std::move(here);
    server_ = std::make_unique<Server>(std::move(there));
    options_.client_id = "device-1";
    options_.keep_alive = 0s;
    options_.response_timeout = 2s;
  }

  Task<std::unique_ptr<Client>> connect() {
    spawn(loop_.executor(), accept());
    auto client = co_await Client::connect(std::move(client_end_), options_);
    EXPECT_TRUE(client) << client.error().describe();
    co_return client ? *std::move(client) : nullptr;
  }
  Task<void> accept() {
    const auto connect = co_await server_->expect<Connect>();
    EXPECT_EQ(connect.client_id, "device-1");
    co_await server_->send(Connack{});
  }
  void run(Task<bool> test) { EXPECT_TRUE(loop_.run_until_done(std::move(test))); }

  EventLoop loop_;
  std::unique_ptr<Stream> client_end_;
  std::unique_ptr<Server> server_;
  ClientOptions options_;
};

TEST_F(MqttClientTest, SendsItsCredentials) {
  options_.username = "hub/device-1/?api-version=2021-04-12";
  options_.password = Secret("token");
  options_.keep_alive = 180s;
  options_.clean_session = false;
  struct Body {
    static Task<bool> check(Server& server) {
      const auto connect = co_await server.expect<Connect>();
      EXPECT_EQ(connect.username, "hub/device-1/?api-version=2021-04-12");
      EXPECT_EQ(connect.password->reveal(), "token");
      EXPECT_EQ(connect.keep_alive, 180);
      EXPECT_FALSE(connect.clean_session);
      co_await server.send(Connack{true});
      co_return true;
    }
    static Task<bool> test(MqttClientTest& fixture, std::unique_ptr<Stream> end, EventLoop& loop,
                           Server& server, ClientOptions options) {
      static_cast<void>(fixture);
      spawn(loop.executor(), ignore(check(server)));
      auto client = co_await Client::connect(std::move(end), options);
      EXPECT_TRUE(client);
      co_return client && (*client)->session_present();
    }
    static Task<void> ignore(Task<bool> task) { co_await std::move(task); }
  };
  run(Body::test(*this, std::move(client_end_), loop_, *server_, options_));
}

struct Refusal {
  ConnectCode code;
  Code error;
};
class MqttRefusal : public MqttClientTest, public testing::WithParamInterface<Refusal> {
 protected:
  Task<void> refuse() {
    co_await server_->expect<Connect>();
    co_await server_->send(Connack{false, GetParam().code});
  }
  Task<bool> test() {
    spawn(loop_.executor(), refuse());
    const auto client = co_await Client::connect(std::move(client_end_), options_);
    EXPECT_FALSE(client);
    EXPECT_EQ(client.error().code, GetParam().error);
    EXPECT_THAT(client.error().message,
                testing::HasSubstr(std::string(to_string(GetParam().code))));
    co_return true;
  }
};
TEST_P(MqttRefusal, IsAnErrorInWords) {
  run(test());
}
INSTANTIATE_TEST_SUITE_P(
    Codes, MqttRefusal,
    testing::Values(Refusal{ConnectCode::not_authorized, Code::unauthenticated},
                    Refusal{ConnectCode::bad_user_name_or_password, Code::unauthenticated},
                    Refusal{ConnectCode::identifier_rejected, Code::unauthenticated},
                    Refusal{ConnectCode::server_unavailable, Code::unavailable},
                    Refusal{ConnectCode::unacceptable_protocol_version, Code::unsupported}));

class MqttConversation : public MqttClientTest {
 protected:
  Task<void> acknowledge_in_reverse() {
    const auto first = co_await server_->expect<Publish>();
    const auto second = co_await server_->expect<Publish>();
    EXPECT_NE(first.packet_id, second.packet_id);
    co_await server_->send(Puback{second.packet_id});
    co_await server_->send(Puback{first.packet_id});
  }
  Task<void> publish_one(Client& client, int& done) {
    const auto published = co_await client.publish("t", "x");
    EXPECT_TRUE(published);
    ++done;
  }
  Task<bool> publishing() {
    auto client = co_await connect();
    spawn(loop_.executor(), acknowledge_in_reverse());
    int done = 0;
    spawn(loop_.executor(), publish_one(*client, done));
    co_await publish_one(*client, done);
    while (done < 2) co_await sleep_for(1ms);
    co_return true;
  }

  Task<void> answer_subscribe() {
    const auto subscribe = co_await server_->expect<Subscribe>();
    EXPECT_EQ(subscribe.filters.size(), 2U);
    co_await server_->send(Suback{subscribe.packet_id, {1, kSubscriptionRefused}});
    co_await server_->send(Publish{{"in", "before", QoS::at_most_once}, 0});
    co_await server_->send(Publish{{"in", "payload", QoS::at_least_once}, 7});
    const auto puback = co_await server_->expect<Puback>();
    EXPECT_EQ(puback.packet_id, 7);
    server_->close();
  }
  Task<bool> subscribing() {
    auto client = co_await connect();
    spawn(loop_.executor(), answer_subscribe());
    const auto subscribed =
        co_await client->subscribe({{"in", QoS::at_least_once}, {"#", QoS::at_most_once}});
    EXPECT_FALSE(subscribed);
    EXPECT_EQ(subscribed.error().code, Code::permission_denied);
    const auto first = co_await client->next_message();
    EXPECT_EQ(first->payload, "before");
    const auto second = co_await client->next_message();
    EXPECT_EQ(second->payload, "payload");
    const auto lost = co_await client->next_message();
    EXPECT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Code::unavailable);
    const auto published = co_await client->publish("t", "x");
    EXPECT_FALSE(published);
    co_return !client->is_open();
  }

  Task<void> answer_one_ping() {
    co_await server_->expect<Pingreq>();
    co_await server_->send(Pingresp{});
    co_await server_->expect<Pingreq>();
  }
  Task<bool> pinging() {
    options_.keep_alive = 1s;
    options_.response_timeout = 100ms;
    auto client = co_await connect();
    spawn(loop_.executor(), answer_one_ping());
    const Error why = co_await client->wait_closed();
    EXPECT_EQ(why.code, Code::deadline_exceeded);
    co_return true;
  }

  Task<bool> no_puback() {
    options_.response_timeout = 50ms;
    auto client = co_await connect();
    const auto published = co_await client->publish("t", "x");
    EXPECT_FALSE(published);
    EXPECT_EQ(published.error().code, Code::deadline_exceeded);
    co_return !client->is_open();
  }

  Task<bool> disconnecting() {
    auto client = co_await connect();
    co_await client->publish("t", "last words", QoS::at_most_once);
    co_await client->disconnect();
    const auto publish = co_await server_->expect<Publish>();
    EXPECT_EQ(publish.message.payload, "last words");
    co_await server_->expect<Disconnect>();
    const Error why = co_await client->wait_closed();
    co_return why.code == Code::cancelled;
  }

  Task<bool> callbacks() {
    auto client = co_await connect();
    co_await server_->send(Publish{{"in", "1", QoS::at_most_once}, 0});
    co_await sleep_for(5ms);
    std::vector<std::string> seen;
    client->on_message([&](Message message) { seen.push_back(message.payload); });
    co_await server_->send(Publish{{"in", "2", QoS::at_most_once}, 0});
    while (seen.size() < 2) co_await sleep_for(1ms);
    EXPECT_THAT(seen, testing::ElementsAre("1", "2"));
    client.reset();  // while its coroutines wait
    const auto end = co_await server_->receive();
    co_return !end.has_value();
  }

  Task<bool> out_of_turn() {
    auto client = co_await connect();
    co_await server_->send(Connack{});
    const Error why = co_await client->wait_closed();
    co_return why.code == Code::invalid_argument;
  }
};

TEST_F(MqttConversation, MatchesAcknowledgementsToTheirPublishes) {
  run(publishing());
}
TEST_F(MqttConversation, ReceivesInOrderAcknowledgesAndReportsTheLoss) {
  run(subscribing());
}
TEST_F(MqttConversation, FindsADeadServerByItsPings) {
  run(pinging());
}
TEST_F(MqttConversation, GivesUpWithoutPuback) {
  run(no_puback());
}
TEST_F(MqttConversation, DisconnectsAfterEverythingWasSent) {
  run(disconnecting());
}
TEST_F(MqttConversation, HandsQueuedMessagesToALateCallback) {
  run(callbacks());
}
TEST_F(MqttConversation, EndsWhenTheServerSpeaksOutOfTurn) {
  run(out_of_turn());
}

}  // namespace
}  // namespace ferry::net::mqtt
