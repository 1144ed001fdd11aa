// SPDX-License-Identifier: Apache-2.0
// What the agent keeps on disk, each file written whole or not at all, none readable by others:
//   agent.json         this agent's instance, and the CA of the cloud when it needs one of its own
//   device.key.pem     the device's private key; made here, never leaves
//   session.json       the installer session, while a registration is under way
//   registration.json  certificate chain, provisioning host, id scope, payload: all from one
//   answer,
//                      so that its presence means "registered"
//   assignment.json    hub and device id from the provisioning service, and the module's key
//   desired.json       the last accepted desired properties
//   state.json         what is remembered of modules between runs
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/reconcile.hpp"
#include "base/file.hpp"
#include "base/secret.hpp"

namespace ferry::agent {

struct AgentSettings {
  std::string instance;      // 8 characters, random
  std::string cloud_ca_pem;  // trusted for cloud connections in addition to the system's roots
};

struct InstallerSession {
  Secret access_token;
  std::string registration_id;
};

struct Registration {
  std::string server;  // who issued it
  std::string registration_id;
  std::string chain_pem;          // leaf first
  std::string provisioning_host;  // may be "host:port"
  std::string id_scope;
  json::value payload;  // object or null
};

struct Assignment {
  std::string hub;  // may be "host:port", the port being for REST
  std::string device_id;
  Secret module_key;             // base64; of $edgeAgent
  bool key_is_set = false;       // the hub knows it
  std::string hub_host() const;  // without port
};

struct LocalState {
  std::map<std::string, ModuleRecord> records;
  std::set<std::string> images;  // pulled by this agent, not removed yet
};

class DataDirectory {
 public:
  // Creates the directory (mode 0700) when absent. Fails with Code::conflict while another process
  // works in it. `read_only` takes no lock and creates nothing.
  static Result<DataDirectory> open(const std::filesystem::path& path);
  static Result<DataDirectory> open_read_only(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }

  // Absent is not an error; unreadable or damaged is.
  Result<std::optional<AgentSettings>> load_settings() const;
  Result<void> save(const AgentSettings& settings) const;
  Result<std::optional<Secret>> load_key() const;
  Result<void> save_key(const Secret& pem) const;
  Result<std::optional<InstallerSession>> load_session() const;
  Result<void> save(const InstallerSession& session) const;
  void forget_session() const;
  Result<std::optional<Registration>> load_registration() const;
  Result<void> save(const Registration& registration) const;
  Result<std::optional<Assignment>> load_assignment() const;
  Result<void> save(const Assignment& assignment) const;
  Result<std::optional<json::object>> load_desired() const;
  Result<void> save_desired(const json::object& desired) const;
  Result<LocalState> load_state() const;
  Result<void> save(const LocalState& state) const;

 private:
  explicit DataDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  Result<std::optional<json::object>> load(std::string_view name) const;
  Result<void> store(std::string_view name, const json::object& content) const;
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

// The settings of this directory, made on first use.
Result<AgentSettings> load_or_make_settings(const DataDirectory& directory);

}  // namespace ferry::agent
