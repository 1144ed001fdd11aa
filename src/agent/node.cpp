// SPDX-License-Identifier: Apache-2.0
#include "agent/node.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>

#include "agent/identity.hpp"
#include "base/log.hpp"

namespace ferry::agent {
namespace {

constexpr std::chrono::seconds kGoodbye{5};

const SystemClock system_clock;

std::string host_name() {
  char buffer[256] = {};
  if (::gethostname(buffer, sizeof buffer - 1) != 0) return "localhost";
  return buffer;
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
  auto identity = identity_in_use(directory);
  if (!identity) return fail(std::move(identity).error());
  if (!*identity) {
    return fail(Error{Code::not_found, "this device is not registered"}.advise(
        "run: ferry-agent register --server URL --data " + directory.path().string()));
  }
  auto clock = std::make_shared<DeviceTime>(system_clock);
  auto tls = cloud_tls(settings, **identity, clock);
  if (!tls) return fail(std::move(tls).error());
  auto port = mqtt_port_from_environment();
  if (!port) return fail(std::move(port).error());
  auto engine = DockerEngine::create(options.docker);
  if (!engine) return fail(std::move(engine).error());

  SupervisorOptions supervisor;
  supervisor.device.instance = settings.instance;
  supervisor.device.host_name = host_name();
  supervisor.device.network = options.network;
  supervisor.program_version = options.program_version;
  supervisor.proven_after = options.proven_after;
  auto assignment = directory.load_assignment();
  if (assignment && *assignment) {
    supervisor.device.hub_host = (*assignment)->hub_host();
    supervisor.device.device_id = (*assignment)->device_id;
  }
  CloudLinkOptions cloud;
  cloud.registration = (*identity)->registration;
  cloud.tls = *tls;
  cloud.mqtt_port = *port;
  std::unique_ptr<Node> node(new Node(directory, settings, *std::move(engine),
                                      std::move(supervisor), std::move(cloud), std::move(clock),
                                      options.stop_modules_on_exit));
  if (auto prepared = node->prepare_renewals(); !prepared) {
    return fail(std::move(prepared).error());
  }
  if (auto loaded = node->supervisor_.load(); !loaded) {
    // The cloud still has it: start without rather than not at all.
    log::error("agent", "{}", loaded.error().describe());
  }
  return node;
}

Node::Node(const DataDirectory& directory, AgentSettings settings, DockerEngine engine,
           SupervisorOptions supervisor, CloudLinkOptions cloud, std::shared_ptr<DeviceTime> clock,
           bool stop_modules)
    : directory_(directory),
      settings_(std::move(settings)),
      clock_(std::move(clock)),
      supervisor_(loop_.executor(), directory, std::move(engine), *clock_, std::move(supervisor)),
      methods_(supervisor_, *clock_),
      cloud_(loop_.executor(), directory, supervisor_, methods_, *clock_, std::move(cloud)),
      said_goodbye_(loop_.executor()),
      stop_modules_(stop_modules) {
  supervisor_.on_change([this] { cloud_.report_soon(); });
}

Result<void> Node::prepare_renewals() {
  RenewerOptions options;
  options.try_identity = [this](Identity identity) { return try_identity(std::move(identity)); };
  options.adopted = [this](Identity identity) { return use(std::move(identity)); };
  auto renewer = Renewer::create(loop_.executor(), directory_, clock_, std::move(options));
  if (!renewer) return fail(std::move(renewer).error());
  renewer_ = *std::move(renewer);
  return {};
}

net::Task<Result<void>> Node::try_identity(Identity identity) {
  auto tls = cloud_tls(settings_, identity, clock_);
  if (!tls) co_return fail(std::move(tls).error());
  auto tried = co_await cloud_.try_identity(std::move(identity.registration), *std::move(tls));
  co_return tried;
}

Result<void> Node::use(Identity identity) {
  auto tls = cloud_tls(settings_, identity, clock_);
  if (!tls) return fail(std::move(tls).error());
  cloud_.use(std::move(identity.registration), *std::move(tls));
  return {};
}

void Node::run() {
  loop_.spawn(supervisor_.run());
  loop_.spawn(cloud_.run());
  loop_.spawn(renewer_->run());
  loop_.spawn(renew_when_asked());
  loop_.spawn(wait_for_end());
  loop_.run();
}

net::Task<void> Node::renew_when_asked() {
  while (true) {
    co_await net::wait_for_signal({SIGHUP});
    log::info("agent", "renews the certificate, as asked");
    auto asked = renewer_->ask();
    if (!asked) log::error("agent", "{}", asked.error().describe());
  }
}

net::Task<void> Node::wait_for_end() {
  const int signal = co_await net::wait_for_signal({SIGTERM, SIGINT});
  log::info("agent", "ends on signal {}", signal);
  renewer_->stop();
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
