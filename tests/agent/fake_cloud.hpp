// SPDX-License-Identifier: Apache-2.0
// As much of a provisioning service and of an IoT Hub as $edgeAgent sees, scripted by a test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/data_directory.hpp"
#include "net/http.hpp"
#include "net/mqtt_packet.hpp"
#include "x509/authority.hpp"

namespace ferry::agent {

class FakeCloud {
 public:
  explicit FakeCloud(net::EventLoop& loop);

  std::uint16_t https_port() const { return https_->port(); }
  std::uint16_t mqtt_port() const { return mqtt_->port(); }
  std::string ca_pem() const { return ca_.to_pem(); }
  // A registered device's directory content.
  Registration registration() const;
  Secret device_key() const { return device_key_.to_pem(); }

  void set_desired(json::object desired) { desired_ = std::move(desired); }
  // Merges and notifies with the version given (or the next one).
  void push_desired(const json::object& patch, std::optional<std::int64_t> version = {});
  void call_method(std::string name, std::string payload);
  void cut();  // closes the MQTT connection

  json::object reported;
  std::vector<json::object> patches;        // of reported properties
  std::vector<std::string> method_replies;  // "status body"
  int registrations = 0;
  int keys_set = 0;
  int logins = 0;
  int reads = 0;
  int refusals_to_come = 0;  // of CONNECT
  std::string last_user_name;
  std::vector<std::string> presented_names;  // certificate CNs, of MQTT logins

 private:
  static x509::Certificate make_ca(const x509::PrivateKey& key, std::string name);
  std::shared_ptr<const net::TlsServerContext> server_context() const;
  x509::Certificate issue(std::string name, const x509::PublicKey& key, bool server) const;
  net::Task<net::HttpResponse> handle(net::HttpRequest request);
  net::Task<void> serve_mqtt(std::unique_ptr<net::Stream> stream);
  net::mqtt::ConnectCode check(const net::mqtt::Connect& connect) const;
  std::string handle_publish(const net::mqtt::Publish& publish);
  void send(std::string topic, std::string payload);

  net::EventLoop& loop_;
  x509::PrivateKey ca_key_;
  x509::Certificate ca_;
  x509::PrivateKey device_key_;
  std::unique_ptr<net::Listener> https_;
  std::unique_ptr<net::Listener> mqtt_;
  net::Stream* connection_ = nullptr;
  std::string module_key_;
  json::object desired_;
};

}  // namespace ferry::agent
