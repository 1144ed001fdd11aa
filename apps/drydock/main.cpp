// SPDX-License-Identifier: Apache-2.0
// drydock: Azure on this machine. Reads the command line, runs the server until a signal.
#include <sys/stat.h>

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "apps/drydock/fault_command.hpp"
#include "apps/drydock/identity_commands.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "drydock/server.hpp"
#include "net/task.hpp"

namespace {

constexpr const char* kDescription =
    "Drydock is a local cloud: it speaks the protocols of Microsoft Entra ID, Azure Resource\n"
    "Manager, IoT Hub, Device Provisioning, Blob Storage and Container Registry, well enough for\n"
    "Microsoft's own clients. Everything it keeps is in one directory; delete that to start over.";

constexpr const char* kServeHelp =
    "Run the local cloud until SIGINT or SIGTERM.\n"
    "\n"
    "When it listens it writes DIR/environment.json: addresses, ids, the client secret, and the\n"
    "file of the CA to trust. Names end in .drydock.localhost; with libnss-myhostname every "
    "program\n"
    "finds them, else 'drydock hosts' prints lines for /etc/hosts.\n"
    "\n"
    "Example: drydock serve --data ~/.drydock\n"
    "         drydock serve --data /tmp/second --address 127.0.83.1";

int report(const ferry::Error& error) {
  fmt::print(stderr, "drydock: {}\n", error.describe());
  return 1;
}

ferry::net::Task<void> stop_on_signal(ferry::net::EventLoop& loop, drydock::Server& server) {
  constexpr std::chrono::milliseconds kGrace(100);
  const std::vector<int> signals = {SIGINT, SIGTERM};
  const int number = co_await ferry::net::wait_for_signal(signals);
  ferry::log::info("drydock", "stopping on signal {}", number);
  server.stop_listening();
  co_await ferry::net::sleep_for(kGrace);
  loop.stop();
}

int serve(drydock::ServerOptions options) {
  umask(S_IRWXG | S_IRWXO);  // the databases hold keys
  ferry::net::EventLoop loop;
  const ferry::SystemClock clock;
  const auto environment = options.directory / "environment.json";
  auto server = drydock::Server::start(loop, clock, std::move(options));
  if (!server) return report(server.error());
  const drydock::Endpoints& endpoints = (*server)->cloud().endpoints();
  loop.spawn(stop_on_signal(loop, **server));
  ferry::log::info("drydock", "listening: {}, MQTT at port {} and AMQP at port {}; see {}",
                   endpoints.management_url(), endpoints.mqtt_port, endpoints.amqp_port,
                   environment.string());
  loop.run();
  return 0;
}

int print_hosts(const std::string& directory, const std::string& address) {
  auto lines = drydock::hosts_file_lines(directory, address);
  if (!lines) return report(lines.error());
  fmt::print("{}", *lines);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(kDescription);
  app.require_subcommand(1);
  drydock::ServerOptions options;
  std::string directory;
  std::string address;
  std::int64_t delay = options.operation_delay.count();
  std::int64_t evaluation = options.evaluation_interval.count();

  CLI::App* serving = app.add_subcommand("serve", kServeHelp);
  serving->add_option("--data", directory, "Directory of its state; made when absent")
      ->required()
      ->type_name("DIR");
  serving->add_option("--address", address, "Address to listen on (default: 127.0.0.1 and ::1)");
  serving
      ->add_option("--https-port", options.https_port,
                   "Port for HTTPS; 8443 is taken when 443 needs a privilege. 0 is any free one")
      ->capture_default_str();
  serving->add_option("--mqtt-port", options.mqtt_port, "Port for MQTT over TLS; 0 is any free one")
      ->capture_default_str();
  serving->add_option("--amqp-port", options.amqp_port,
                      "Port for AMQP over TLS (default: 5671, or a free one when that is taken)");
  serving
      ->add_option("--operation-delay", delay,
                   "Milliseconds that Resource Manager's long-running operations take")
      ->capture_default_str();
  serving
      ->add_option("--evaluation-interval", evaluation,
                   "Milliseconds between the passes in which IoT hubs look which deployments fit a "
                   "device whose tags have changed; Azure takes 300000. 0: at once")
      ->capture_default_str();

  serving->add_flag("--enforce-limits", options.enforce_limits,
                    "Let Resource Manager throttle callers (429) as Azure does: 250 reads, 200 "
                    "writes and 200 deletes at once");
  serving->add_option("--imds-port", options.imds_port,
                      "Port, without TLS, for tokens of managed identities, as a virtual machine "
                      "and App Service give them to programs; 0 is any free one. Not given: none");
  std::string recordings;
  serving
      ->add_option("--record", recordings,
                   "Write every HTTP exchange into this directory, without its secrets, in the "
                   "shape that oav validates")
      ->type_name("DIR");

  CLI::App* hosts = app.add_subcommand(
      "hosts", "Print lines for /etc/hosts: the fixed names and those of all resources.");
  hosts->add_option("--data", directory, "Directory of its state")->required()->type_name("DIR");
  hosts->add_option("--address", address, "Address to print (default: 127.0.0.1)");

  const drydock::FaultCommand fault(app);
  const drydock::IdentityCommands identity(app);

  CLI11_PARSE(app, argc, argv);
  if (fault.parsed()) return fault.run();
  if (identity.parsed()) return identity.run();
  if (hosts->parsed()) return print_hosts(directory, address.empty() ? "127.0.0.1" : address);
  options.directory = directory;
  options.recordings = ferry::net::recordings_from_environment("drydock");
  if (!recordings.empty()) options.recordings = recordings;
  if (!address.empty()) options.address = address;
  options.operation_delay = std::chrono::milliseconds(delay);
  options.evaluation_interval = std::chrono::milliseconds(evaluation);
  return serve(std::move(options));
}
