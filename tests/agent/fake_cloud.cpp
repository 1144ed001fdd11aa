// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/fake_cloud.hpp"

#include <gtest/gtest.h>

#include <array>

#include "agent/merge_patch.hpp"
#include "base/crypto.hpp"

namespace ferry::agent {
namespace {

using net::Task;
namespace mqtt = net::mqtt;

constexpr std::string_view kModulePath = "/devices/node-1/modules/%24edgeAgent";

net::HttpResponse answer(int status, const json::value& body) {
  net::HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = json::serialize(body);
  return response;
}

std::string after(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  return at == std::string_view::npos ? "" : std::string(text.substr(at + mark.size()));
}

Task<void> write_all(net::Stream& stream, std::string bytes) {
  co_await stream.write(bytes);
}

}  // namespace

FakeCloud::FakeCloud(net::EventLoop& loop)
    : loop_(loop),
      ca_key_(x509::PrivateKey::generate()),
      ca_(make_ca(ca_key_, "Cloud CA")),
      device_key_(x509::PrivateKey::generate()) {
  const auto tls = server_context();
  https_ = *net::Listener::start(loop, "127.0.0.1", 0, tls, [this](auto stream) {
    return net::serve_http(std::move(stream),
                           [this](net::HttpRequest request) { return handle(std::move(request)); });
  });
  mqtt_ = *net::Listener::start(loop, "127.0.0.1", 0, tls,
                                [this](auto stream) { return serve_mqtt(std::move(stream)); });
  desired_ = {{"$version", 1}};
}

x509::Certificate FakeCloud::make_ca(const x509::PrivateKey& key, std::string name) {
  x509::CertificateProfile profile;
  profile.common_name = std::move(name);
  profile.ca = true;
  profile.not_before = SystemClock().now() - std::chrono::hours(1);
  profile.not_after = SystemClock().now() + std::chrono::hours(1000);
  return x509::issue_self_signed(key, profile).value();
}

x509::Certificate FakeCloud::issue(std::string name, const x509::PublicKey& key,
                                   bool server) const {
  x509::CertificateProfile profile;
  profile.common_name = std::move(name);
  profile.server_auth = server;
  profile.client_auth = !server;
  if (server) profile.dns_names = {"hub.localhost", "dps.localhost"};
  profile.not_before = SystemClock().now() - std::chrono::minutes(5);
  profile.not_after = SystemClock().now() + std::chrono::hours(900);
  return x509::issue(ca_, x509::KeySigner(ca_key_), key, profile).value();
}

std::shared_ptr<const net::TlsServerContext> FakeCloud::server_context() const {
  const auto key = x509::PrivateKey::generate();
  const auto leaf = issue("cloud", key.public_key(), true);
  return net::TlsServerContext::create({{leaf.to_pem() + ca_.to_pem(), key.to_pem()}, true})
      .value();
}

Registration FakeCloud::registration() const {
  Registration registration;
  registration.server = "https://ferry.localhost";
  registration.registration_id = "node-1";
  registration.chain_pem = issue("node-1", device_key_.public_key(), false).to_pem() + ca_.to_pem();
  registration.provisioning_host = fmt::format("dps.localhost:{}", https_port());
  registration.id_scope = "0ne0000abcd";
  return registration;
}

Task<net::HttpResponse> FakeCloud::handle(net::HttpRequest request) {
  if (request.peer.certificate_chain.size() < 2) co_return answer(401, {{"message", "who?"}});
  if (request.method == "PUT" && request.path() == "/0ne0000abcd/registrations/node-1/register") {
    ++registrations;
    co_return answer(200, {{"operationId", "1"},
                           {"status", "assigned"},
                           {"registrationState",
                            {{"assignedHub", fmt::format("hub.localhost:{}", https_port())},
                             {"deviceId", "node-1"}}}});
  }
  if (request.method == "PUT" && request.path() == kModulePath) {
    if (request.headers.get_or("If-Match", "") != "*") co_return answer(412, {{"Message", "no"}});
    const json::value body = parse_json(request.body).value();
    const auto* key = find_path(body, "authentication.symmetricKey.primaryKey");
    if (!key) co_return answer(400, {{"Message", "no key"}});
    module_key_ = key->as_string();
    ++keys_set;
    co_return answer(200, {{"moduleId", "$edgeAgent"}, {"generationId", "17"}});
  }
  if (request.path() == "/devices/node-1/modules") {
    co_return answer(200, json::array{{{"moduleId", "pump"}, {"generationId", "18"}}});
  }
  co_return answer(404, {{"Message", "no such thing"}});
}

mqtt::ConnectCode FakeCloud::check(const mqtt::Connect& connect) const {
  const std::string password = connect.password.value_or(Secret()).reveal();
  const std::string resource = "hub.localhost%2Fdevices%2Fnode-1%2Fmodules%2F%24edgeAgent";
  const std::string expiry = after(password, "&se=");
  const std::string signature =
      hmac_sha256(base64_decode(module_key_).value_or(""), resource + "\n" + expiry);
  const std::string expected = fmt::format("SharedAccessSignature sr={}&sig={}&se={}", resource,
                                           percent_encode(base64_encode(signature)), expiry);
  const bool good = connect.client_id == "node-1/$edgeAgent" && password == expected;
  return good ? mqtt::ConnectCode::accepted : mqtt::ConnectCode::not_authorized;
}

Task<void> FakeCloud::serve_mqtt(std::unique_ptr<net::Stream> stream) {
  mqtt::Decoder decoder;
  std::array<char, 4096> buffer{};
  for (;;) {
    auto packet = decoder.next();
    if (!packet) break;
    if (!*packet) {
      auto count = co_await stream->read_some(buffer);
      if (!count || *count == 0) break;
      decoder.feed({buffer.data(), *count});
      continue;
    }
    std::string reply;
    if (const auto* connect = std::get_if<mqtt::Connect>(&**packet)) {
      last_user_name = connect->username.value_or("");
      auto code = check(*connect);
      if (refusals_to_come > 0) code = mqtt::ConnectCode::not_authorized;
      if (refusals_to_come > 0) --refusals_to_come;
      EXPECT_TRUE(mqtt::encode(mqtt::Connack{false, code}, reply));
      if (code == mqtt::ConnectCode::accepted) {
        ++logins;
        connection_ = stream.get();
        const auto& chain = stream->peer().certificate_chain;
        if (!chain.empty()) {
          presented_names.push_back(x509::Certificate::from_pem(chain[0])->subject_cn());
        }
      }
    } else if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&**packet)) {
      mqtt::Suback suback{subscribe->packet_id,
                          std::vector<std::uint8_t>(subscribe->filters.size(), 0)};
      EXPECT_TRUE(mqtt::encode(suback, reply));
    } else if (const auto* publish = std::get_if<mqtt::Publish>(&**packet)) {
      reply = handle_publish(*publish);
    } else if (std::holds_alternative<mqtt::Disconnect>(**packet)) {
      break;
    }
    if (!reply.empty()) co_await stream->write(reply);
  }
  if (connection_ == stream.get()) connection_ = nullptr;
}

std::string FakeCloud::handle_publish(const mqtt::Publish& publish) {
  const std::string& topic = publish.message.topic;
  const std::string rid = after(topic, "$rid=");
  std::string reply;
  if (topic.starts_with("$iothub/twin/GET/")) {
    ++reads;
    const json::object twin = {{"desired", desired_}, {"reported", reported}};
    EXPECT_TRUE(mqtt::encode_publish("$iothub/twin/res/200/?$rid=" + rid, json::serialize(twin),
                                     mqtt::QoS::at_most_once, 0, reply));
  } else if (topic.starts_with("$iothub/twin/PATCH/properties/reported/")) {
    patches.push_back(parse_json_object(publish.message.payload).value());
    apply_merge_patch(reported, patches.back());
    EXPECT_TRUE(mqtt::encode_publish("$iothub/twin/res/204/?$rid=" + rid + "&$version=2", "",
                                     mqtt::QoS::at_most_once, 0, reply));
  } else if (topic.starts_with("$iothub/methods/res/")) {
    const std::string status = after(topic, "/res/").substr(0, 3);
    method_replies.push_back(status + " " + publish.message.payload);
  }
  return reply;
}

void FakeCloud::send(std::string topic, std::string payload) {
  ASSERT_NE(connection_, nullptr);
  std::string bytes;
  ASSERT_TRUE(mqtt::encode_publish(topic, payload, mqtt::QoS::at_most_once, 0, bytes));
  loop_.spawn(write_all(*connection_, std::move(bytes)));
}

void FakeCloud::push_desired(const json::object& patch, std::optional<std::int64_t> version) {
  const std::int64_t next = version.value_or(int_or(desired_, "$version", 0) + 1);
  apply_merge_patch(desired_, patch);
  desired_["$version"] = next;
  json::object notification = patch;
  notification["$version"] = next;
  send(fmt::format("$iothub/twin/PATCH/properties/desired/?$version={}", next),
       json::serialize(notification));
}

void FakeCloud::call_method(std::string name, std::string payload) {
  send(fmt::format("$iothub/methods/POST/{}/?$rid=7", name), std::move(payload));
}

void FakeCloud::cut() {
  if (connection_) connection_->close();
}

}  // namespace ferry::agent
