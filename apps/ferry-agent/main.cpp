// SPDX-License-Identifier: Apache-2.0
// ferry-agent: runs on a device and keeps the modules that its IoT Hub wants running.
#include <CLI/CLI.hpp>

#include "agent/commands.hpp"

namespace {

using namespace ferry::agent;

class CommandLine {
 public:
  CommandLine() {
    app_.set_version_flag("--version", kProgramVersion);
    app_.require_subcommand(1);
    app_.footer(
        "Environment:\n"
        "  FERRY_NODE_TOKEN  the token, for register\n"
        "  FERRY_MQTT_PORT   MQTT port of the IoT Hub, when it is not 8883");
    add_register();
    add_renew();
    add_run();
    verb("status", "Show what this agent knows and runs", [this] { return run_status(common_); });
    verb("remove-modules", "Stop and remove this agent's containers",
         [this] { return run_remove_modules(common_); });
    add_uninstall();
  }

  int run(int argc, char** argv) {
    CLI11_PARSE(app_, argc, argv);
    return command_();
  }

 private:
  CLI::App* verb(const char* name, const char* help, std::function<int()> command) {
    CLI::App* added = app_.add_subcommand(name, help);
    added->add_option("--data", common_.data, "Directory of this agent")->capture_default_str();
    added->add_option("--docker", common_.docker, "Socket of the Docker Engine")
        ->capture_default_str();
    added->add_option("--root", common_.root,
                      "Stands before every path, for a machine that is being put together");
    added->callback([this, command = std::move(command)] { command_ = command; });
    return added;
  }

  void add_network(CLI::App* verb) {
    verb->add_option("--network", common_.network, "Docker network of the modules")
        ->capture_default_str();
  }

  void add_register() {
    auto* command = verb("register", "Exchange a token for this device's certificate", [this] {
      uninstall_.dry_run = uninstall_.dry_run || register_.dry_run;
      return uninstall_instead_ ? run_uninstall(common_, uninstall_)
                                : run_register(common_, register_);
    });
    command->add_option("--server", register_.server, "URL of the Ferry server");
    command->add_option("--ca-file", register_.ca_file,
                        "CA of the Ferry server (PEM), trusted instead of the system's roots; "
                        "remembered");
    command->add_option("--cloud-ca-file,--environment-ca", register_.cloud_ca_file,
                        "CA of the cloud (PEM), when the system's roots do not know it; "
                        "remembered");
    command->add_option("--token-file", register_.token_file,
                        "File with the token, - for standard input; default: the environment "
                        "variable FERRY_NODE_TOKEN, else asked for");
    command->add_option("--name", register_.name,
                        "What the node shall be called (with an enrollment token)");
    command->add_option("--hardware-id", register_.hardware_id,
                        "What tells this device from others; default: made from /etc/machine-id");
    command->add_option("--key-type", register_.key_type, "Kind of the device's key")
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa-2048", "rsa-3072"}));
    command->add_flag("--keep-key", register_.keep_key,
                      "Renew for the same key; else each certificate gets a new one");
    command->add_flag("--no-wait", register_.no_wait,
                      "Do not wait for an approval: the same command goes on later");
    command
        ->add_option("--runtime", register_.runtime,
                     "Also make the device start by itself: with Ferry's agent, or with "
                     "Microsoft's runtime")
        ->check(CLI::IsMember({"ferry", "iotedge"}));
    command->add_flag("--no-start", register_.no_start, "Set up, but start nothing");
    command->add_flag("--replace-provisioning", register_.replace_provisioning,
                      "Put Ferry's provisioning in the place of another one in "
                      "/etc/aziot/config.toml; a copy is kept");
    command->add_option("--bundle", register_.bundle, "File that 'ferry node bundle' wrote");
    command->add_option("--request-out", register_.request_file,
                        "Without network: write the certificate request there");
    command->add_option("--registration-id", register_.registration_id,
                        "Which node the request is for");
    command->add_option("--answer", register_.answer_file,
                        "Without network: what 'ferry node certificate' made of the request");
    command->add_flag("--dry-run", register_.dry_run, "Say what would be done, and do nothing");
    command->add_flag("--uninstall", uninstall_instead_, "As ferry-agent uninstall");
    command->add_flag("--yes", uninstall_.yes, "With --uninstall: do not ask");
    add_network(command);
  }

  void add_renew() {
    auto* command =
        verb("renew", "Renew the certificate if it is due; a running agent does so by itself",
             [this] { return run_renew(common_, renew_); });
    command->add_flag("--now", renew_.now, "Renew whatever the dates say");
  }

  void add_run() {
    auto* command = verb("run", "Run until SIGTERM", [this] { return run_agent(common_, run_); });
    command->add_option("--cloud-ca-file,--environment-ca", run_.cloud_ca_file,
                        "CA of the cloud (PEM); replaces the remembered one");
    command->add_flag("--stop-modules-on-exit", run_.stop_modules_on_exit,
                      "Stop the modules when the agent ends; else they run on");
    command
        ->add_option("--proven-after", run_.proven_after,
                     "Seconds that a composition runs before it is the one to go back to")
        ->capture_default_str()
        ->check(CLI::Range(1, 86'400));
    add_network(command);
  }

  void add_uninstall() {
    auto* command = verb("uninstall", "Take containers, units, configuration and data away",
                         [this] { return run_uninstall(common_, uninstall_); });
    command->add_flag("--dry-run", uninstall_.dry_run, "Say what would go, and do nothing");
    command->add_flag("--yes", uninstall_.yes, "Do not ask");
    command->add_flag("--keep-modules", uninstall_.keep_modules, "Leave the containers running");
  }

  CLI::App app_{"Keeps the modules of this device as its IoT Hub wants them", "ferry-agent"};
  CommonOptions common_;
  RegisterCommand register_;
  RenewCommand renew_;
  RunCommand run_;
  UninstallCommand uninstall_;
  bool uninstall_instead_ = false;
  std::function<int()> command_;
};

}  // namespace

int main(int argc, char** argv) {
  return CommandLine().run(argc, argv);
}
