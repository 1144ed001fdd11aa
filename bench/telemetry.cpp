// SPDX-License-Identifier: Apache-2.0
// MQTT load. The target is an IoT hub made for the occasion, or a plain broker at localhost:
//   hub ENVIRONMENT.json CONNECTIONS     broker PORT CA.pem CONNECTIONS
// What is done to it:
//   bench_telemetry load TARGET SECONDS   many TLS connections, each keeping a window of
//       unacknowledged QoS 1 messages in flight; prints {"connections":..,"messages":..,
//       "seconds":..,"rate":..}
//   bench_telemetry prepare TARGET        makes the devices and connects one of them
//   bench_telemetry hold TARGET           connects, prints "ready" and stays until it is ended
// Both targets get the same code, the same payload and as long topics.
#include <cstdio>
#include <cstdlib>

#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/resource_groups.hpp"
#include "azure/entra/client_credentials.hpp"
#include "azure/iot_hub/client.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/id.hpp"
#include "net/http_client.hpp"
#include "net/mqtt_client.hpp"

namespace {

using namespace ferry;
using net::Task;

constexpr int kWindow = 8;  // unacknowledged messages per connection
constexpr std::size_t kPayloadSize = 256;
constexpr std::string_view kGroup = "bench-telemetry";
constexpr std::string_view kHub = "bench-telemetry-hub";

struct Device {
  std::string host;
  std::uint16_t port;
  net::mqtt::ClientOptions options;
  std::string topic;
};

struct Load {
  std::shared_ptr<const net::TlsClientContext> tls;
  std::vector<Device> devices;
  std::chrono::seconds duration;
};

struct Count {
  std::int64_t messages = 0;
  int publishers = 0;
  std::optional<Error> failure;
};

Task<void> publish_until(net::mqtt::Client& client, std::string topic, net::SteadyTime end,
                         Count& count) {
  const std::string payload(kPayloadSize, 'x');
  while (std::chrono::steady_clock::now() < end && !count.failure) {
    auto sent = co_await client.publish(topic, payload);
    if (sent) {
      ++count.messages;
    } else if (!count.failure) {
      count.failure = std::move(sent).error();
    }
  }
  --count.publishers;
}

using Clients = std::vector<std::unique_ptr<net::mqtt::Client>>;

Task<Result<Clients>> connect_all(Load load) {
  Clients clients;
  for (const Device& device : load.devices) {
    auto stream =
        co_await net::connect_tls(load.tls, device.host, device.port, std::chrono::seconds(20));
    if (!stream) co_return fail(std::move(stream).error());
    auto client = co_await net::mqtt::Client::connect(*std::move(stream), device.options);
    if (!client) co_return fail(std::move(client).error());
    clients.push_back(*std::move(client));
  }
  co_return clients;
}

Task<Result<std::string>> prepare(Load load) {
  load.devices.resize(std::min<std::size_t>(load.devices.size(), 1));
  auto clients = co_await connect_all(std::move(load));
  if (!clients) co_return fail(std::move(clients).error());
  co_return std::string("prepared");
}

Task<Result<std::string>> hold(Load load) {
  auto clients = co_await connect_all(std::move(load));
  if (!clients) co_return fail(std::move(clients).error());
  std::puts("ready");
  std::fflush(stdout);
  for (const auto& client : *clients) {
    const auto why = co_await client->wait_closed();
    co_return fail(Error(why).with("hold {} connections", clients->size()));
  }
  co_return std::string("nothing to hold");
}

Task<Result<std::string>> run(Load load) {
  auto connected = co_await connect_all(load);
  if (!connected) co_return fail(std::move(connected).error());
  Clients clients = *std::move(connected);
  const auto start = std::chrono::steady_clock::now();
  const auto end = start + load.duration;
  const net::Executor executor = co_await net::current_executor();
  Count count;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    for (int j = 0; j < kWindow; ++j) {
      ++count.publishers;
      net::spawn(executor, publish_until(*clients[i], load.devices[i].topic, end, count));
    }
  }
  while (count.publishers > 0) co_await net::sleep_for(std::chrono::milliseconds(20));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (count.failure) co_return fail(*std::move(count.failure));
  co_return fmt::format(R"({{"connections":{},"messages":{},"seconds":{:.2f},"rate":{:.0f}}})",
                        clients.size(), count.messages, seconds.count(),
                        static_cast<double>(count.messages) / seconds.count());
}

Task<Result<std::vector<Device>>> make_hub_devices(json::object environment, std::string ca_pem,
                                                   int connections) {
  SystemClock clock;
  net::TlsClientOptions trust;
  trust.ca_pem = ca_pem;
  auto tls = net::TlsClientContext::create(trust);
  if (!tls) co_return fail(std::move(tls).error());
  net::HttpClient http({.tls = *tls});
  azure::PipelineOptions options;
  options.transport = azure::transport_over(http);
  options.clock = &clock;
  azure::Pipeline pipeline(options);
  auto cloud = co_await azure::fetch_environment(options.transport,
                                                 string_or(environment, "resourceManager", ""));
  if (!cloud) co_return fail(std::move(cloud).error());
  azure::ClientSecretTokenSource tokens(
      pipeline, cloud->active_directory,
      {string_or(environment, "tenantId", ""), string_or(environment, "clientId", ""),
       Secret(string_or(environment, "clientSecret", ""))});
  azure::arm::ArmOptions arm_options;
  arm_options.environment = *cloud;
  arm_options.subscription = string_or(environment, "subscriptionId", "");
  azure::arm::ArmClient arm(pipeline, tokens, arm_options);
  auto group = co_await azure::arm::ensure_resource_group(arm, std::string(kGroup), "westeurope");
  if (!group) co_return fail(std::move(group).error());
  azure::arm::IotHubSpec spec;
  spec.group = kGroup;
  spec.name = kHub;
  spec.location = "westeurope";
  auto hub = co_await azure::arm::ensure_iot_hub(arm, spec);
  if (!hub) co_return fail(std::move(hub).error());
  auto key = co_await azure::arm::get_iot_hub_key(arm, *hub, "iothubowner");
  if (!key) co_return fail(std::move(key).error());

  azure::IotHubClient registry(pipeline, *key);
  const std::string host = hub->host_name.substr(0, hub->host_name.find(':'));
  const char* port = std::getenv("FERRY_MQTT_PORT");
  std::vector<Device> devices;
  for (int i = 0; i < connections; ++i) {
    azure::DeviceIdentity identity;
    identity.device_id = fmt::format("load-{:05}", i);
    // From the hub's own key, so that the next run knows it.
    const std::string device_secret = hmac_sha256(key->key.reveal(), identity.device_id);
    identity.authentication.primary_key = Secret(base64_encode(device_secret));
    identity.authentication.secondary_key = identity.authentication.primary_key;
    auto created = co_await registry.create_device(identity);
    const bool known = !created && created.error().code == Code::conflict;
    if (!created && !known) co_return fail(std::move(created).error());
    const azure::SasKey device_key{host, "", identity.authentication.primary_key};
    auto token = azure::sas_token(host + "/devices/" + identity.device_id, device_key,
                                  clock.now() + std::chrono::hours(1));
    if (!token) co_return fail(std::move(token).error());
    Device device;
    device.host = host;
    device.port = static_cast<std::uint16_t>(port ? std::atoi(port) : 8883);
    device.options.client_id = identity.device_id;
    device.options.username =
        fmt::format("{}/{}/?api-version=2021-04-12", host, identity.device_id);
    device.options.password = *token;
    device.topic = fmt::format("devices/{}/messages/events/", identity.device_id);
    devices.push_back(std::move(device));
  }
  co_return devices;
}

std::vector<Device> make_broker_devices(std::uint16_t port, int connections) {
  std::vector<Device> devices;
  for (int i = 0; i < connections; ++i) {
    Device device;
    device.host = "localhost";
    device.port = port;
    device.options.client_id = fmt::format("load-{:05}", i);
    device.topic = fmt::format("devices/load-{:05}/messages/events/", i);
    devices.push_back(std::move(device));
  }
  return devices;
}

Result<std::string> measure(std::vector<std::string> arguments) {
  const std::string what = arguments.empty() ? "" : arguments[0];
  const std::string target = arguments.size() < 2 ? "" : arguments[1];
  const std::size_t wanted = (target == "broker" ? 5U : 4U) + (what == "load" ? 1U : 0U);
  if (arguments.size() != wanted || (target != "hub" && target != "broker")) {
    return fail(
        Code::invalid_argument,
        "usage: bench_telemetry load|prepare|hold hub ENVIRONMENT CONNECTIONS [SECONDS], or "
        "broker PORT CA CONNECTIONS [SECONDS]");
  }
  net::EventLoop loop;
  Load load;
  if (what == "load") {
    load.duration = std::chrono::seconds(std::stoi(arguments.back()));
    arguments.pop_back();
  }
  const int connections = std::stoi(arguments.back());
  std::string ca_file = arguments[3];
  json::object environment;
  if (target == "hub") {
    auto text = read_file(arguments[2]);
    if (!text) return fail(std::move(text).error());
    auto parsed = parse_json_object(*text);
    if (!parsed) return fail(std::move(parsed).error());
    environment = *std::move(parsed);
    ca_file = string_or(environment, "caFile", "");
  }
  auto ca = read_file(ca_file);
  if (!ca) return fail(std::move(ca).error());
  net::TlsClientOptions trust;
  trust.ca_pem = *ca;
  auto tls = net::TlsClientContext::create(trust);
  if (!tls) return fail(std::move(tls).error());
  load.tls = *tls;
  if (target == "hub") {
    auto devices = loop.run_until_done(make_hub_devices(environment, *ca, connections));
    if (!devices) return fail(std::move(devices).error());
    load.devices = *std::move(devices);
  } else {
    load.devices =
        make_broker_devices(static_cast<std::uint16_t>(std::stoi(arguments[2])), connections);
  }
  if (what == "prepare") return loop.run_until_done(prepare(std::move(load)));
  if (what == "hold") return loop.run_until_done(hold(std::move(load)));
  return loop.run_until_done(run(std::move(load)));
}

}  // namespace

int main(int argc, char** argv) {
  const auto result = measure({argv + 1, argv + argc});
  if (!result) {
    std::fprintf(stderr, "bench_telemetry: %s\n", result.error().describe().c_str());
    return 1;
  }
  std::puts(result->c_str());
  return 0;
}
