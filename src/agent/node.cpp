// SPDX-License-Identifier: Apache-2.0
#include "agent/node.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>

#include "agent/register.hpp"
#include "base/log.hpp"
#include "x509/certificate.hpp"

namespace ferry::agent {
namespace {

constexpr std::chrono::seconds kGoodbye{5};
constexpr std::chrono::hours kWarnBeforeExpiry{24 * 14};

std::string host_name() {
  char buffer[256] = {};
  if (::gethostname(buffer, sizeof buffer - 1) != 0) return "localhost";
  return buffer;
}

void warn_of_expiry(const Registration& registration, Timestamp now) {
  const auto chain = x509::parse_chain(registration.chain_pem);
  if (!chain) return;
  const Timestamp end = chain->front().not_after();
  if (end - now < kWarnBeforeExpiry) {
    log::warning("agent", "this device's certificate ends at {}", format_rfc3339(end));
  }
}

}  // namespace

Result<std::uint16_t> mqtt_port_from_environment() {
  const char* text = std::getenv("FERRY_MQTT_PORT");
  if (!text || !*text) return std::uint16_t{8883};
  const std::string_view digits = text;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return fail(Code::invalid_argument, "FERRY_MQTT_PORT is '{}', not a port", digits);
  }
  return port;
}

Result<std::unique_ptr<Node>> Node::create(const DataDirectory& directory,
                                           const AgentSettings& settings, NodeOptions options) {
  auto registration = existing_registration(directory);
  if (!registration) return fail(std::move(registration).error());
  if (!*registration) {
    return fail(Error{Code::not_found, "this device is not registered"}.advise(
        "run: ferry-agent register --server URL --data " + directory.path().string()));
  }
  auto key = directory.load_key();
  if (!key) return fail(std::move(key).error());
  net::TlsClientOptions tls_options;
  tls_options.ca_pem = settings.cloud_ca_pem;
  // With a CA of one's own the system's roots are not needed: a megabyte less on a small device.
  tls_options.system_roots = settings.cloud_ca_pem.empty();
  tls_options.identity = net::TlsIdentity{(*registration)->chain_pem, **key};
  auto tls = net::TlsClientContext::create(tls_options);
  if (!tls) return fail(std::move(tls).error().with("use the device's certificate"));
  auto port = mqtt_port_from_environment();
  if (!port) return fail(std::move(port).error());
  auto engine = DockerEngine::create(options.docker);
  if (!engine) return fail(std::move(engine).error());

  SupervisorOptions supervisor;
  supervisor.device.instance = settings.instance;
  supervisor.device.host_name = host_name();
  supervisor.device.network = options.network;
  supervisor.program_version = options.program_version;
  auto assignment = directory.load_assignment();
  if (assignment && *assignment) {
    supervisor.device.hub_host = (*assignment)->hub_host();
    supervisor.device.device_id = (*assignment)->device_id;
  }
  CloudLinkOptions cloud;
  cloud.registration = **registration;
  cloud.tls = *tls;
  cloud.mqtt_port = *port;
  std::unique_ptr<Node> node(new Node(directory, *std::move(engine), std::move(supervisor),
                                      std::move(cloud), options.stop_modules_on_exit));
  warn_of_expiry(**registration, node->clock_.now());
  if (auto loaded = node->supervisor_.load(); !loaded) {
    // The cloud still has it: start without rather than not at all.
    log::error("agent", "{}", loaded.error().describe());
  }
  return node;
}

Node::Node(const DataDirectory& directory, DockerEngine engine, SupervisorOptions supervisor,
           CloudLinkOptions cloud, bool stop_modules)
    : supervisor_(loop_.executor(), directory, std::move(engine), clock_, std::move(supervisor)),
      methods_(supervisor_, clock_),
      cloud_(loop_.executor(), directory, supervisor_, methods_, clock_, std::move(cloud)),
      said_goodbye_(loop_.executor()),
      stop_modules_(stop_modules) {
  supervisor_.on_change([this] { cloud_.report_soon(); });
}

void Node::run() {
  loop_.spawn(supervisor_.run());
  loop_.spawn(cloud_.run());
  loop_.spawn(wait_for_end());
  loop_.run();
}

net::Task<void> Node::wait_for_end() {
  const int signal = co_await net::wait_for_signal({SIGTERM, SIGINT});
  log::info("agent", "ends on signal {}", signal);
  supervisor_.stop();
  co_await supervisor_.wait_idle();
  if (stop_modules_) co_await supervisor_.stop_modules();
  supervisor_.declare_not_running();
  // A hub that does not answer must not hold up the end.
  loop_.spawn(say_goodbye());
  co_await said_goodbye_.wait_for(kGoodbye);
  loop_.stop();
}

net::Task<void> Node::say_goodbye() {
  co_await cloud_.stop();
  said_goodbye_.notify();
}

}  // namespace ferry::agent
