// SPDX-License-Identifier: Apache-2.0
#include "drydock/server.hpp"

#include "base/log.hpp"
#include "drydock/arm/event_hubs.hpp"
#include "drydock/arm/iot_hub_document.hpp"
#include "drydock/arm/providers.hpp"
#include "drydock/arm/store.hpp"
#include "drydock/environment.hpp"
#include "drydock/faults/control.hpp"

namespace drydock {

using namespace ferry;

namespace {

constexpr std::string_view kEnvironmentFile = "environment.json";
constexpr std::uint16_t kHighHttpsPort = 8443;
constexpr std::string_view kLoopback = "127.0.0.1";

Unexpected port_in_use(Error error, std::string_view option) {
  if (error.code != Code::conflict) return fail(std::move(error));
  return fail(std::move(error).advise(fmt::format(
      "another program holds the port; choose another one with {}, or listen elsewhere in the "
      "loopback network with --address 127.0.83.1",
      option)));
}

net::Task<net::HttpResponse> answer_control_later(std::shared_ptr<Faults> faults,
                                                  net::HttpRequest request) {
  co_return answer_control(*faults, request);
}

// Nothing before the first start.
Result<std::vector<arm::Resource>> stored_resources(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::vector<arm::Resource>();
  auto store = arm::Store::open(path);
  if (!store) return fail(std::move(store).error());
  return store->list("", "");
}

}  // namespace

Server::Server(net::EventLoop& loop, ServerOptions options, FileLock lock)
    : loop_(loop), options_(std::move(options)), lock_(std::move(lock)) {}

Server::~Server() {
  stop_listening();
}

void Server::stop_listening() {
  std::error_code ignored;
  std::filesystem::remove(options_.directory / kEnvironmentFile, ignored);
  listeners_.clear();
  control_.reset();
}

Result<std::unique_ptr<Server>> Server::start(net::EventLoop& loop, const Clock& clock,
                                              ServerOptions options) {
  auto made = make_directories(options.directory, 0700);
  if (!made) return fail(std::move(made).error());
  auto lock = FileLock::acquire(options.directory / "lock");
  if (!lock) {
    return fail(std::move(lock).error().advise(
        "a local cloud is already running on this directory; stop it, or use another --data"));
  }
  std::unique_ptr<Server> server(new Server(loop, std::move(options), *std::move(lock)));
  const ServerOptions& wanted = server->options_;
  std::error_code ignored;  // one that a killed process left behind must not be taken for ours
  std::filesystem::remove(wanted.directory / kEnvironmentFile, ignored);
  auto identity = open_server_identity(wanted.directory,
                                       wanted.address.value_or(std::string(kLoopback)), clock);
  if (!identity) return fail(std::move(identity).error());
  server->identity_ = *std::move(identity);
  net::TlsServerOptions tls_options{server->identity_.tls, true};
  auto tls = net::TlsServerContext::create(tls_options);
  if (!tls) return fail(std::move(tls).error());
  server->tls_ = *std::move(tls);
  if (wanted.recordings) {
    auto recorder = net::HttpRecorder::open(*wanted.recordings);
    if (!recorder) return fail(std::move(recorder).error());
    server->recorder_ = *std::move(recorder);
  }
  auto listening = server->listen();
  if (!listening) return fail(std::move(listening).error());

  CloudOptions cloud_options{wanted.directory, server->endpoints_, wanted.operation_delay,
                             wanted.evaluation_interval, wanted.enforce_limits};
  auto cloud = Cloud::open(loop, clock, std::move(cloud_options));
  if (!cloud) return fail(std::move(cloud).error());
  server->cloud_ = *std::move(cloud);
  server->listen_for_control();
  std::optional<std::uint16_t> imds_port;
  if (wanted.imds_port) {
    auto listening_plainly = server->listen_imds();
    if (!listening_plainly) return port_in_use(std::move(listening_plainly).error(), "--imds-port");
    imds_port = *listening_plainly;
  }
  const EnvironmentDetails details{server->identity_.ca_file,
                                   wanted.address.value_or(std::string(kLoopback)), imds_port};
  auto written = write_environment(wanted.directory / kEnvironmentFile, *server->cloud_, details);
  if (!written) return fail(std::move(written).error());
  return server;
}

Result<std::uint16_t> Server::listen_https(const std::string& address, std::uint16_t port) {
  net::HttpHandler handler = [this](net::HttpRequest request) {
    return cloud_->handle_http(std::move(request));
  };
  if (recorder_) handler = net::HttpRecorder::wrap(recorder_, std::move(handler));
  auto listener = net::Listener::start(loop_, address, port, tls_,
                                       [handler](std::unique_ptr<net::Stream> stream) {
                                         return net::serve_http(std::move(stream), handler);
                                       });
  if (!listener) return fail(std::move(listener).error());
  const std::uint16_t actual = (*listener)->port();
  listeners_.push_back(*std::move(listener));
  return actual;
}

Result<std::uint16_t> Server::listen_mqtt(const std::string& address, std::uint16_t port) {
  auto listener =
      net::Listener::start(loop_, address, port, tls_, [this](std::unique_ptr<net::Stream> stream) {
        return cloud_->handle_mqtt(std::move(stream));
      });
  if (!listener) return fail(std::move(listener).error());
  const std::uint16_t actual = (*listener)->port();
  listeners_.push_back(*std::move(listener));
  return actual;
}

Result<std::uint16_t> Server::listen_amqp(const std::string& address, std::uint16_t port) {
  auto listener =
      net::Listener::start(loop_, address, port, tls_, [this](std::unique_ptr<net::Stream> stream) {
        return cloud_->handle_amqp(std::move(stream));
      });
  if (!listener) return fail(std::move(listener).error());
  const std::uint16_t actual = (*listener)->port();
  listeners_.push_back(*std::move(listener));
  return actual;
}

// Few need AMQP: two local clouds on one machine are not to fail for it.
Result<std::uint16_t> Server::listen_amqp_somewhere(const std::string& address) {
  if (options_.amqp_port) return listen_amqp(address, *options_.amqp_port);
  constexpr Endpoints kStandard;
  auto standard = listen_amqp(address, kStandard.amqp_port);
  if (standard || standard.error().code != Code::conflict) return standard;
  auto other = listen_amqp(address, 0);
  if (other) {
    log::warning("drydock", "port {} is taken; AMQP is at port {} instead", kStandard.amqp_port,
                 *other);
  }
  return other;
}

// Without TLS, as on Azure's machines, where nobody else can reach it.
Result<std::uint16_t> Server::listen_imds() {
  net::HttpHandler handler = [this](net::HttpRequest request) {
    return cloud_->handle_managed_identity(std::move(request));
  };
  if (recorder_) handler = net::HttpRecorder::wrap(recorder_, std::move(handler));
  auto listener = net::Listener::start(loop_, options_.address.value_or(std::string(kLoopback)),
                                       *options_.imds_port, nullptr,
                                       [handler](std::unique_ptr<net::Stream> stream) {
                                         return net::serve_http(std::move(stream), handler);
                                       });
  if (!listener) return fail(std::move(listener).error());
  const std::uint16_t actual = (*listener)->port();
  listeners_.push_back(*std::move(listener));
  return actual;
}

void Server::listen_for_control() {
  net::HttpHandler handler =
      [faults = cloud_->faults()](net::HttpRequest request) -> net::Task<net::HttpResponse> {
    return answer_control_later(faults, std::move(request));
  };
  auto listener = net::UnixListener::start(loop_, control_socket(options_.directory),
                                           [handler](std::unique_ptr<net::Stream> stream) {
                                             return net::serve_http(std::move(stream), handler);
                                           });
  if (listener) {
    control_ = *std::move(listener);
  } else {  // everything else works
    log::warning("drydock", "'drydock fault' cannot reach this one: {}",
                 listener.error().describe());
  }
}

Result<void> Server::listen() {
  const std::string first = options_.address.value_or(std::string(kLoopback));
  auto https = listen_https(first, options_.https_port);
  if (!https && https.error().code == Code::permission_denied) {
    log::warning("drydock",
                 "port {} needs a privilege that this process lacks; HTTPS is at port {} instead",
                 options_.https_port, kHighHttpsPort);
    https = listen_https(first, kHighHttpsPort);
  }
  if (!https) return port_in_use(std::move(https).error(), "--https-port");
  auto mqtt = listen_mqtt(first, options_.mqtt_port);
  if (!mqtt) return port_in_use(std::move(mqtt).error(), "--mqtt-port");
  auto amqp = listen_amqp_somewhere(first);
  if (!amqp) return port_in_use(std::move(amqp).error(), "--amqp-port");
  endpoints_.https_port = *https;
  endpoints_.mqtt_port = *mqtt;
  endpoints_.amqp_port = *amqp;
  if (options_.address) return {};

  // Programs differ in which loopback address they try first.
  auto https_6 = listen_https("::1", *https);
  auto mqtt_6 = listen_mqtt("::1", *mqtt);
  auto amqp_6 = listen_amqp("::1", *amqp);
  for (const auto* outcome : {&https_6, &mqtt_6, &amqp_6}) {
    if (*outcome) continue;
    if (outcome->error().code == Code::conflict) {
      return port_in_use(outcome->error(), "--https-port, --mqtt-port or --amqp-port");
    }
    log::info("drydock", "not reachable over IPv6: {}", outcome->error().describe());
  }
  return {};
}

Result<std::string> hosts_file_lines(const std::filesystem::path& directory,
                                     const std::string& address) {
  std::vector<std::string> hosts = {Endpoints::management_host(), Endpoints::login_host(),
                                    Endpoints::portal_host(), Endpoints::provisioning_host()};
  auto resources = stored_resources(directory / "arm.db");
  if (!resources) return fail(std::move(resources).error());
  for (const arm::Resource& resource : *resources) {
    if (resource.type == arm::kHubType) {
      hosts.push_back(Endpoints::hub_host(resource.name));
      hosts.push_back(arm::built_in_host(resource));
    } else if (resource.type == arm::kNamespaceType) {
      hosts.push_back(Endpoints::service_bus_host(resource.name));
    } else if (resource.type == arm::kProvisioningType) {
      hosts.push_back(Endpoints::provisioning_service_host(resource.name));
    } else if (resource.type == arm::kStorageType) {
      hosts.push_back(Endpoints::blob_host(resource.name));
    } else if (resource.type == arm::kRegistryType) {
      hosts.push_back(Endpoints::registry_host(resource.name));
    }
  }
  std::string lines;
  for (const std::string& host : hosts) lines += fmt::format("{}\t{}\n", address, host);
  return lines;
}

}  // namespace drydock
