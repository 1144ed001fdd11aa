// SPDX-License-Identifier: Apache-2.0
// ferry-agent: runs on a device and keeps the modules that its IoT Hub wants running.
#include <CLI/CLI.hpp>

#include "agent/commands.hpp"

int main(int argc, char** argv) {
  using namespace ferry::agent;
  CLI::App app{"Keeps the modules of this device as its IoT Hub wants them", "ferry-agent"};
  app.set_version_flag("--version", kProgramVersion);
  app.require_subcommand(1);
  app.footer(
      "Environment:\n"
      "  FERRY_NODE_TOKEN  the one-time token, for register\n"
      "  FERRY_MQTT_PORT   MQTT port of the IoT Hub, when it is not 8883");

  CommonOptions common;
  RegisterCommand reg;
  RenewCommand renew;
  RunCommand run;
  const auto add_data = [&](CLI::App* command) {
    command->add_option("--data", common.data, "Directory of this agent")->capture_default_str();
  };
  const auto add_docker = [&](CLI::App* command) {
    command->add_option("--docker", common.docker, "Socket of the Docker Engine")
        ->capture_default_str();
  };

  CLI::App* register_command =
      app.add_subcommand("register", "Exchange a one-time token for this device's certificate");
  register_command->add_option("--server", reg.server, "URL of the Ferry server")->required();
  register_command->add_option(
      "--ca-file", reg.ca_file,
      "CA of the Ferry server (PEM), trusted instead of the system's roots; "
      "remembered");
  register_command->add_option("--cloud-ca-file,--environment-ca", reg.cloud_ca_file,
                               "CA of the cloud (PEM), when the system's roots do not know it; "
                               "remembered");
  register_command->add_option("--token-file", reg.token_file,
                               "File with the token, - for standard input; default: the "
                               "environment variable FERRY_NODE_TOKEN, else asked for");
  register_command->add_option("--name", reg.name,
                               "What the node shall be called (with an enrollment token)");
  register_command->add_option("--hardware-id", reg.hardware_id,
                               "What tells this device from others; default: made from "
                               "/etc/machine-id");
  register_command->add_option("--key-type", reg.key_type, "Kind of the device's key")
      ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa-2048", "rsa-3072"}));
  register_command->add_flag("--keep-key", reg.keep_key,
                             "Renew for the same key; else each certificate gets a new one");
  register_command->add_flag("--no-wait", reg.no_wait,
                             "Do not wait for an approval: the same command goes on later");
  add_data(register_command);

  CLI::App* renew_command = app.add_subcommand(
      "renew", "Renew the certificate if it is due; a running agent does so by itself");
  renew_command->add_flag("--now", renew.now, "Renew whatever the dates say");
  add_data(renew_command);

  CLI::App* run_command = app.add_subcommand("run", "Run until SIGTERM");
  add_data(run_command);
  add_docker(run_command);
  run_command->add_option("--cloud-ca-file,--environment-ca", run.cloud_ca_file,
                          "CA of the cloud (PEM); replaces the remembered one");
  run_command->add_option("--network", run.network, "Docker network of the modules")
      ->capture_default_str();
  run_command->add_flag("--stop-modules-on-exit", run.stop_modules_on_exit,
                        "Stop the modules when the agent ends; else they run on");

  CLI::App* status_command = app.add_subcommand("status", "Show what this agent knows and runs");
  add_data(status_command);
  add_docker(status_command);
  CLI::App* remove_command =
      app.add_subcommand("remove-modules", "Stop and remove this agent's containers");
  add_data(remove_command);
  add_docker(remove_command);

  CLI11_PARSE(app, argc, argv);
  if (*register_command) return run_register(common, reg);
  if (*renew_command) return run_renew(common, renew);
  if (*run_command) return run_agent(common, run);
  if (*status_command) return run_status(common);
  return run_remove_modules(common);
}
