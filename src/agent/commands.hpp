// SPDX-License-Identifier: Apache-2.0
// What the program ferry-agent does, one function per command. Each prints for people on standard
// output and returns the process's exit code.
#pragma once

#include <filesystem>
#include <string>

namespace ferry::agent {

inline constexpr const char* kProgramVersion = "0.1.0";

struct CommonOptions {
  std::filesystem::path data = "/var/lib/ferry-agent";
  std::string docker = "unix:///var/run/docker.sock";
  std::string network = "azure-iot-edge";
  std::string root;  // stands before every path, for a machine that is being put together
  std::filesystem::path data_path() const {
    return root.empty() ? data : std::filesystem::path(root) / data.relative_path();
  }
};

struct RegisterCommand {
  std::string server;
  std::string ca_file;        // trusted for the server instead of the system's roots; remembered
  std::string cloud_ca_file;  // the same for the cloud
  std::string token_file;     // "-" is standard input; empty: FERRY_NODE_TOKEN, or the terminal
  std::string name;           // with an enrollment token
  std::string hardware_id;    // empty: made from /etc/machine-id
  std::string key_type;       // empty: ec-p256
  bool keep_key = false;      // renewals keep the key
  bool no_wait = false;       // for an approval
  bool dry_run = false;       // say what would be done
  std::string runtime;        // "ferry" or "iotedge": who runs the modules; empty: nobody yet
  bool no_start = false;
  bool replace_provisioning = false;
  std::string bundle;           // what `ferry node bundle` made, instead of all the above
  std::string request_file;     // without network: the certificate request goes there
  std::string registration_id;  // which it is for, when no bundle says so
  std::string answer_file;      // what `ferry node certificate` made of it
};
int run_register(const CommonOptions& common, const RegisterCommand& command);

struct RenewCommand {
  bool now = false;  // whatever the dates say
};
int run_renew(const CommonOptions& common, const RenewCommand& command);

struct RunCommand {
  std::string cloud_ca_file;  // replaces what is remembered
  bool stop_modules_on_exit = false;
  int proven_after = 120;  // seconds that a composition runs before it is the one to go back to
};
int run_agent(const CommonOptions& common, const RunCommand& command);

int run_status(const CommonOptions& common);
int run_remove_modules(const CommonOptions& common);

struct UninstallCommand {
  bool dry_run = false;
  bool yes = false;           // do not ask
  bool keep_modules = false;  // containers run on
};
int run_uninstall(const CommonOptions& common, const UninstallCommand& command);

}  // namespace ferry::agent
