// SPDX-License-Identifier: Apache-2.0
// What the program ferry-agent does, one function per command. Each prints for people on standard
// output and returns the process's exit code.
#pragma once

#include <string>

namespace ferry::agent {

inline constexpr const char* kProgramVersion = "0.1.0";

struct CommonOptions {
  std::string data = "/var/lib/ferry-agent";
  std::string docker = "unix:///var/run/docker.sock";
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
};
int run_register(const CommonOptions& common, const RegisterCommand& command);

struct RenewCommand {
  bool now = false;  // whatever the dates say
};
int run_renew(const CommonOptions& common, const RenewCommand& command);

struct RunCommand {
  std::string cloud_ca_file;  // replaces what is remembered
  std::string network = "azure-iot-edge";
  bool stop_modules_on_exit = false;
};
int run_agent(const CommonOptions& common, const RunCommand& command);

int run_status(const CommonOptions& common);
int run_remove_modules(const CommonOptions& common);

}  // namespace ferry::agent
