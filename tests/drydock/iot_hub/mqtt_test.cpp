// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_client.hpp"
#include "tests/drydock/iot_hub/certified_stream.hpp"
#include "tests/drydock/iot_hub/fixture.hpp"
#include "x509/authority.hpp"

namespace drydock::testing {
namespace {

using namespace std::chrono_literals;
namespace mqtt = net::mqtt;
using net::Task;
using ClientResult = ferry::Result<std::unique_ptr<mqtt::Client>>;

class HubMqttTest : public HubTest {
 protected:
  HubMqttTest() {
    const auto created = ferry::parse_json(call("PUT", "/devices/d", json::object()).body).value();
    key_ = ferry::Secret(text_at(created, "authentication.symmetricKey.primaryKey"));
  }

  Task<void> serve(std::unique_ptr<net::Stream> stream) {
    const auto link = iot_hub::MqttLink::start(std::move(stream), loop_.executor(), 512 * 1024);
    auto packet = co_await link->read(std::chrono::steady_clock::now() + 5s);
    if (!packet || !*packet) co_return;
    co_await service_->serve_device(link, std::get<mqtt::Connect>(**std::move(packet)));
  }

  mqtt::ClientOptions options(const std::string& id = "d") {
    mqtt::ClientOptions wishes;
    wishes.client_id = id;
    wishes.username = fmt::format("{}/{}/?api-version=2021-04-12", kHubHost, id);
    wishes.password =
        ferry::Secret(sas(fmt::format("{}/devices/{}", kHubHost, id), "", in_an_hour(), key_));
    wishes.keep_alive = 0s;
    wishes.response_timeout = 2s;
    return wishes;
  }

  Task<ClientResult> connect(mqtt::ClientOptions wishes, std::vector<std::string> chain = {}) {
    auto [here, there] = net::make_memory_streams(loop_.executor());
    auto server_end = std::make_unique<CertifiedStream>(std::move(there), std::move(chain));
    net::spawn(loop_.executor(), serve(std::move(server_end)));
    auto client = co_await mqtt::Client::connect(std::move(here), std::move(wishes));
    co_return client;
  }

  // As HubTest::call, from inside a coroutine.
  Task<net::HttpResponse> request(std::string method, std::string target, json::value body) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = json::serialize(body);
    request.headers = {{"Host", std::string(kHubHost)},
                       {"Authorization", sas(kHubHost, "iothubowner", in_an_hour())}};
    auto response = co_await service_->handle(std::move(request));
    co_return response;
  }
  void run(Task<bool> test) { EXPECT_TRUE(loop_.run_until_done(std::move(test))); }

  Task<bool> telemetry() {
    auto client = co_await connect(options());
    EXPECT_TRUE(client) << client.error().describe();
    if (!client) co_return false;
    for (int i = 0; i < 10; ++i) {
      const auto sent = co_await (*client)->publish(
          "devices/d/messages/events/%24.ct=application%2Fjson", fmt::format("{}", i));
      EXPECT_TRUE(sent);
    }
    const auto stored = built_in("d");
    EXPECT_EQ(stored.size(), 10U);
    EXPECT_EQ(stored.back().sequence, 9);
    EXPECT_EQ(stored.back().event.body, "9");
    EXPECT_EQ(text_at(stored.back().event.system, "content-type"), "application/json");
    EXPECT_EQ(text_at(stored.back().event.system, "iothub-connection-auth-method"),
              R"({"scope":"device","type":"sas","issuer":"iothub"})");
    // Nobody speaks for another device.
    const auto foreign = co_await (*client)->publish("devices/e/messages/events/", "x");
    EXPECT_FALSE(foreign);
    co_return !(*client)->is_open();
  }

  Task<bool> twins() {
    auto client = *(co_await connect(options()));
    const auto subscribed = co_await client->subscribe(
        {{"$iothub/twin/res/#", mqtt::QoS::at_most_once},
         {"$iothub/twin/PATCH/properties/desired/#", mqtt::QoS::at_most_once}});
    EXPECT_TRUE(subscribed);
    co_await client->publish("$iothub/twin/PATCH/properties/reported/?$rid=1",
                             R"({"temperature": 21, "gone": null})", mqtt::QoS::at_most_once);
    auto message = co_await client->next_message();
    EXPECT_EQ(message->topic, "$iothub/twin/res/204/?$rid=1&$version=2");
    co_await client->publish("$iothub/twin/GET/?$rid=ab-2", "", mqtt::QoS::at_most_once);
    message = co_await client->next_message();
    EXPECT_EQ(message->topic, "$iothub/twin/res/200/?$rid=ab-2");
    EXPECT_EQ(ferry::parse_json(message->payload).value(),
              ferry::parse_json(R"({"desired": {"$version": 1},
                                    "reported": {"temperature": 21, "$version": 2}})")
                  .value());
    const auto patched = co_await request(
        "PATCH", "/twins/d", json::object{{"properties", {{"desired", {{"fan", "low"}}}}}});
    EXPECT_EQ(patched.status, 200);
    message = co_await client->next_message();
    EXPECT_EQ(message->topic, "$iothub/twin/PATCH/properties/desired/?$version=2");
    EXPECT_EQ(ferry::parse_json(message->payload).value(),
              ferry::parse_json(R"({"fan": "low", "$version": 2})").value());
    const auto replaced = co_await request(
        "PUT", "/twins/d", json::object{{"properties", {{"desired", json::object()}}}});
    EXPECT_EQ(replaced.status, 200);
    message = co_await client->next_message();
    EXPECT_EQ(ferry::parse_json(message->payload).value(),
              ferry::parse_json(R"({"fan": null, "$version": 3})").value());
    std::string large = R"({"a": ")" + std::string(4000, 'x') + "\"";
    for (char c = 'b'; c < 'k'; ++c) {
      large += fmt::format(R"(,"{}":"{}")", c, std::string(4000, 'x'));
    }
    co_await client->publish("$iothub/twin/PATCH/properties/reported/?$rid=3", large + "}",
                             mqtt::QoS::at_most_once);
    message = co_await client->next_message();
    EXPECT_EQ(message->topic, "$iothub/twin/res/400/?$rid=3");
    EXPECT_EQ(number_at(ferry::parse_json(message->payload).value(), "errorCode"), 403100);
    co_await client->publish("$iothub/twin/PATCH/properties/reported/?$rid=4", "no json",
                             mqtt::QoS::at_most_once);
    message = co_await client->next_message();
    EXPECT_EQ(message->topic, "$iothub/twin/res/400/?$rid=4");
    co_return true;
  }

  Task<void> answer_method(mqtt::Client& client) {
    const auto call = co_await client.next_message();
    EXPECT_TRUE(call->topic.starts_with("$iothub/methods/POST/restart/?$rid=")) << call->topic;
    EXPECT_EQ(call->payload, R"({"when":"now"})");
    const std::string rid = call->topic.substr(call->topic.find("$rid=") + 5);
    co_await client.publish("$iothub/methods/res/202/?$rid=" + rid, R"({"ok":true})",
                            mqtt::QoS::at_most_once);
  }
  Task<bool> methods() {
    const json::object body{
        {"methodName", "restart"}, {"payload", {{"when", "now"}}}, {"responseTimeoutInSeconds", 1}};
    auto response = co_await request("POST", "/twins/d/methods", body);
    EXPECT_EQ(error_name(response), "DeviceNotOnline");
    auto client = *(co_await connect(options()));
    response = co_await request("POST", "/twins/d/methods", body);
    EXPECT_EQ(error_name(response), "DeviceNotOnline") << "connected but not subscribed";
    co_await client->subscribe({{"$iothub/methods/POST/#", mqtt::QoS::at_most_once}});
    net::spawn(loop_.executor(), answer_method(*client));
    response = co_await request("POST", "/twins/d/methods", body);
    EXPECT_EQ(response.body, R"({"status":202,"payload":{"ok":true}})");
    response = co_await request("POST", "/twins/d/methods", body);
    EXPECT_EQ(error_name(response), "GatewayTimeout");
    co_return true;
  }

  Task<bool> filters() {
    auto client = *(co_await connect(options()));
    const auto allowed = co_await client->subscribe(
        {{"devices/d/messages/devicebound/#", mqtt::QoS::at_least_once}});
    EXPECT_TRUE(allowed);
    for (const char* filter :
         {"#", "devices/e/messages/devicebound/#", "+/d/messages/devicebound/#", "$iothub/#",
          "devices/d/messages/events/#"}) {
      const auto refused = co_await client->subscribe({{filter, mqtt::QoS::at_most_once}});
      EXPECT_FALSE(refused) << filter;
    }
    co_return client->is_open();
  }

  Task<bool> takeover() {
    auto first = *(co_await connect(options()));
    auto second = *(co_await connect(options()));
    const auto why = co_await first->wait_closed();
    EXPECT_EQ(why.code, ferry::Code::unavailable);
    const auto alive = co_await second->publish("devices/d/messages/events/", "x");
    EXPECT_TRUE(alive);
    const auto twin = co_await request("GET", "/twins/d", nullptr);
    EXPECT_EQ(text_at(ferry::parse_json(twin.body).value(), "connectionState"), "Connected");
    const auto gone = co_await request("DELETE", "/devices/d", nullptr);
    EXPECT_EQ(gone.status, 204);
    co_await second->wait_closed();
    co_return true;
  }

  Task<bool> will() {
    auto wishes = options();
    wishes.will = mqtt::Message{"devices/d/messages/events/", "lost", mqtt::QoS::at_least_once};
    auto client = co_await connect(wishes);
    EXPECT_TRUE(client);
    (*client)->close();  // without DISCONNECT
    co_await net::sleep_for(50ms);
    const auto stored = built_in("d");
    EXPECT_EQ(stored.size(), 1U);
    EXPECT_EQ(text_at(stored.front().event.properties, "iothub-MessageType"), "Will");
    client = co_await connect(wishes);
    co_await (*client)->disconnect();
    co_await net::sleep_for(50ms);
    EXPECT_EQ(built_in("d").size(), 1U);
    wishes.will->topic = "devices/e/messages/events/";
    const auto refused = co_await connect(wishes);
    co_return !refused;
  }

  Task<bool> refusals() {
    std::vector<mqtt::ClientOptions> bad(6, options());
    bad[0].password = ferry::Secret(sas("testhub/devices/d", "", in_an_hour(), key_));
    bad[1].password =
        ferry::Secret(sas(fmt::format("{}/devices/d", kHubHost), "", in_an_hour() - 7200, key_));
    bad[2].password.reset();
    bad[3].client_id = "e";
    bad[4].username = "nonsense";
    bad[5].username = fmt::format("other.azure-devices.drydock.localhost/d/?api-version=1");
    for (const auto& wishes : bad) {
      const auto client = co_await connect(wishes);
      EXPECT_FALSE(client);
      if (!client) EXPECT_EQ(client.error().code, ferry::Code::unauthenticated);
    }
    const auto disabled = co_await request("PATCH", "/twins/d", json::object());
    EXPECT_EQ(disabled.status, 200);
    co_return true;
  }

  Task<bool> certificates() {
    const auto key = ferry::x509::PrivateKey::generate();
    ferry::x509::CertificateProfile profile;
    profile.common_name = "x";
    profile.not_before = clock_.now() - std::chrono::hours(1);
    profile.not_after = clock_.now() + std::chrono::hours(1);
    const auto leaf = ferry::x509::issue_self_signed(key, profile).value();
    for (const std::string& thumbprint :
         {leaf.sha256_thumbprint(), ferry::to_lower(leaf.sha1_thumbprint())}) {
      net::HttpRequest put;
      put.method = "PUT";
      put.target = "/devices/x";
      put.body = json::serialize(json::object{
          {"authentication",
           {{"type", "selfSigned"}, {"x509Thumbprint", {{"primaryThumbprint", thumbprint}}}}}});
      put.headers = {{"Host", std::string(kHubHost)},
                     {"Authorization", sas(kHubHost, "iothubowner", in_an_hour())}};
      auto response = co_await service_->handle(put);
      EXPECT_EQ(response.status, 200) << response.body;
      auto wishes = options("x");
      wishes.password.reset();
      const auto client = co_await connect(wishes, {leaf.to_pem()});
      EXPECT_TRUE(client);
      const auto without = co_await connect(wishes);
      EXPECT_FALSE(without);
      // What aziot-identityd does: the TLS certificate instead of an Authorization header.
      net::HttpRequest list;
      list.method = "GET";
      list.target = "/devices/x/modules";
      list.headers = {{"Host", std::string(kHubHost)}};
      list.peer.certificate_chain = {leaf.to_pem()};
      response = co_await service_->handle(list);
      EXPECT_EQ(response.status, 200);
      list.peer.certificate_chain.clear();
      response = co_await service_->handle(list);
      EXPECT_EQ(response.status, 401);
      co_await request("DELETE", "/devices/x", nullptr);
    }
    co_return true;
  }

  void enqueue(std::string body, iot_hub::Ack ack = iot_hub::Ack::none) {
    iot_hub::CloudToDeviceMessage message;
    message.message_id = "m 1";
    message.content_type = "text/plain";
    message.ack = ack;
    message.properties = {{"a key", "a&value"}};
    message.body = std::move(body);
    const auto done = service_->cloud_to_device()->enqueue("testhub", "d", "g", std::move(message));
    EXPECT_TRUE(done);
  }
  std::int64_t waiting() { return service_->cloud_to_device()->count("testhub", "d").value(); }

  // A device that speaks MQTT byte by byte, so that it can leave things unacknowledged.
  Task<std::unique_ptr<net::Stream>> connect_raw(mqtt::ClientOptions wishes) {
    auto [here, there] = net::make_memory_streams(loop_.executor());
    net::spawn(loop_.executor(), serve(std::make_unique<CertifiedStream>(
                                     std::move(there), std::vector<std::string>())));
    std::string bytes;
    mqtt::Connect connect;
    connect.client_id = wishes.client_id;
    connect.username = wishes.username;
    connect.password = wishes.password;
    EXPECT_TRUE(mqtt::encode(connect, bytes));
    EXPECT_TRUE(mqtt::encode(
        mqtt::Subscribe{1, {{"devices/d/messages/devicebound/#", mqtt::QoS::at_least_once}}},
        bytes));
    co_await here->write(bytes);
    co_return std::move(here);
  }
  Task<std::optional<mqtt::Publish>> next_publish(net::Stream& stream) {
    mqtt::Decoder decoder;
    stream.set_deadline(std::chrono::steady_clock::now() + 1s);
    while (true) {
      std::array<char, 1024> buffer;
      const auto count = co_await stream.read_some(buffer);
      if (!count || *count == 0) co_return std::nullopt;
      decoder.feed(std::string_view(buffer.data(), *count));
      for (auto packet = decoder.next(); packet && *packet; packet = decoder.next()) {
        if (auto* publish = std::get_if<mqtt::Publish>(&**packet)) co_return *publish;
      }
    }
  }

  Task<bool> messages_to_devices() {
    enqueue("before");
    auto client = *(co_await connect(options()));
    co_await client->subscribe({{"devices/d/messages/devicebound/#", mqtt::QoS::at_least_once}});
    auto message = co_await client->next_message();
    EXPECT_EQ(message->payload, "before");
    EXPECT_THAT(
        message->topic,
        ::testing::AllOf(::testing::StartsWith("devices/d/messages/devicebound/%24.mid=m%201"),
                         ::testing::HasSubstr("%24.ct=text%2Fplain"),
                         ::testing::HasSubstr("%24.to=%2Fdevices%2Fd%2Fmessages%2Fdevicebound"),
                         ::testing::HasSubstr("a%20key=a%26value")));
    EXPECT_EQ(message->qos, mqtt::QoS::at_least_once);
    enqueue("while it is there");
    message = co_await client->next_message();
    EXPECT_EQ(message->payload, "while it is there");
    co_await net::sleep_for(50ms);
    EXPECT_EQ(waiting(), 0);
    co_return true;
  }

  Task<bool> redelivery() {
    enqueue("once more");
    auto first = co_await connect_raw(options());
    auto seen = co_await next_publish(*first);
    EXPECT_TRUE(seen);
    EXPECT_EQ(waiting(), 1) << "no PUBACK yet";
    auto second = co_await connect_raw(options());  // takes the first one's place
    seen = co_await next_publish(*second);
    EXPECT_TRUE(seen);
    if (!seen) co_return false;
    EXPECT_EQ(seen->message.payload, "once more");
    std::string bytes;
    EXPECT_TRUE(mqtt::encode(mqtt::Puback{seen->packet_id}, bytes));
    co_await second->write(bytes);
    co_await net::sleep_for(50ms);
    EXPECT_EQ(waiting(), 0);
    co_return true;
  }

  Task<net::HttpResponse> as_device(std::string method, std::string target, std::string body = "") {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers = {
        {"Host", std::string(kHubHost)},
        {"iothub-messageid", "id 7"},
        {"IoTHub-App-Colour", "red"},
        {"Authorization", sas(fmt::format("{}/devices/d", kHubHost), "", in_an_hour(), key_)}};
    auto response = co_await service_->handle(std::move(request));
    co_return response;
  }
  Task<bool> http() {
    const std::string inbox = "/devices/d/messages/deviceBound";
    auto response = co_await as_device("GET", inbox);
    EXPECT_EQ(response.status, 204);
    enqueue("one", iot_hub::Ack::full);
    response = co_await as_device("GET", inbox);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "one");
    EXPECT_EQ(response.headers.get_or("iothub-app-a key", ""), "a&value");
    const auto lock_of = [](const net::HttpResponse& locked) {
      const std::string etag = locked.headers.get_or("ETag", "");
      return etag.substr(1, etag.size() - 2);
    };
    const std::string first_lock = lock_of(response);
    response = co_await as_device("POST", inbox + "/" + first_lock + "/abandon");
    EXPECT_EQ(response.status, 204);
    response = co_await as_device("DELETE", inbox + "/" + first_lock);
    EXPECT_EQ(error_name(response), "DeviceMessageLockLost");
    response = co_await as_device("GET", inbox);
    EXPECT_EQ(response.headers.get_or("iothub-deliverycount", ""), "1");
    response =
        co_await as_device("DELETE", inbox + "/" + lock_of(response) + "?reject&api-version=1");
    EXPECT_EQ(response.status, 204);
    clock_.advance(2s);
    response = co_await request("GET", "/messages/serviceBound/feedback", nullptr);
    EXPECT_THAT(response.body, ::testing::HasSubstr("Rejected"));
    response =
        co_await request("DELETE", "/messages/serviceBound/feedback/" + lock_of(response), nullptr);
    EXPECT_EQ(response.status, 204);

    enqueue("a");
    enqueue("b");
    response = co_await request("GET", "/devices/d", nullptr);
    EXPECT_EQ(number_at(ferry::parse_json(response.body).value(), "cloudToDeviceMessageCount"), 2);
    response = co_await request("DELETE", "/devices/d/commands", nullptr);
    EXPECT_EQ(number_at(ferry::parse_json(response.body).value(), "totalMessagesPurged"), 2);
    enqueue("c");
    co_await request("DELETE", "/devices/d", nullptr);
    EXPECT_EQ(waiting(), 0) << "they go with their device";
    co_return true;
  }
  Task<bool> http_telemetry() {
    const auto response = co_await as_device("POST", "/devices/d/messages/events", "21 degrees");
    EXPECT_EQ(response.status, 204);
    const auto stored = built_in("d");
    EXPECT_EQ(stored.size(), 1U);
    EXPECT_EQ(stored.front().event.body, "21 degrees");
    EXPECT_EQ(text_at(stored.front().event.system, "message-id"), "id 7");
    EXPECT_EQ(text_at(stored.front().event.properties, "Colour"), "red");
    co_return true;
  }

  ferry::Secret key_;
};

TEST_F(HubMqttTest, StoresTelemetryBeforeItAcknowledges) {
  run(telemetry());
}
TEST_F(HubMqttTest, ServesTwins) {
  run(twins());
}
TEST_F(HubMqttTest, BringsMessagesToDevices) {
  run(messages_to_devices());
}
TEST_F(HubMqttTest, BringsAMessageAgainThatWasNotAcknowledged) {
  run(redelivery());
}
TEST_F(HubMqttTest, HandsMessagesOutByHttp) {
  run(http());
}
TEST_F(HubMqttTest, TakesTelemetryByHttp) {
  run(http_telemetry());
}
TEST_F(HubMqttTest, CallsMethods) {
  run(methods());
}
TEST_F(HubMqttTest, RefusesForeignFilters) {
  run(filters());
}
TEST_F(HubMqttTest, ANewConnectionTakesTheOldOnesPlace) {
  run(takeover());
}
TEST_F(HubMqttTest, StoresTheWillOnlyAfterALoss) {
  run(will());
}
TEST_F(HubMqttTest, RefusesWrongCredentials) {
  run(refusals());
}
TEST_F(HubMqttTest, TakesCertificatesByThumbprint) {
  run(certificates());
}

}  // namespace
}  // namespace drydock::testing
