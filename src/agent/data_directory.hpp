// SPDX-License-Identifier: Apache-2.0
// What the agent keeps on disk, each file written whole or not at all, none readable by others:
//   agent.json              this agent's instance, what it trusts, how it renews
//   device.key.pem          the device's private key; made here, never leaves
//   pending.json            token and names of a registration that waits for approval
//   session.json            the installer session, while a registration is under way
//   registration.json       certificate chain, provisioning host, id scope, payload: all from one
//                           answer, so that its presence means "registered"
//   next.key.pem, next.registration.json   the candidate that a renewal tries
//   renewal.json            what is remembered of renewals
//   assignment.json         hub and device id from the provisioning service, and the module's key
//   desired.json            the last accepted desired properties
//   good.json               those that last proved themselves
//   fallen.json             what the device has gone back from by itself
//   state.json              what is remembered of modules between runs
//
// A candidate takes its place by two renames, the key first. Between the two there is a candidate
// without key: that state is read as "adopted", and open() completes it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/last_good.hpp"
#include "agent/reconcile.hpp"
#include "agent/renewal.hpp"
#include "base/file.hpp"
#include "base/secret.hpp"

namespace ferry::agent {

struct AgentSettings {
  std::string instance;       // 8 characters, random
  std::string cloud_ca_pem;   // trusted for cloud connections in addition to the system's roots
  std::string server_ca_pem;  // the same for Ferry
  std::string key_type = "ec-p256";  // ec-p256, ec-p384, rsa-2048, rsa-3072
  bool keep_key = false;             // renewals are for the same key
  std::string runtime;               // "ferry", "iotedge"; empty: nothing was set up
  friend bool operator==(const AgentSettings&, const AgentSettings&) = default;
};

// A registration that waits for somebody's approval; kept so that nobody has to give it again.
struct PendingRegistration {
  std::string server;
  Secret token;
  std::string name;
  std::string hardware_id;
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
  json::value payload;                   // object or null
  std::optional<Timestamp> renew_after;  // what the server asked for
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
  Result<std::optional<PendingRegistration>> load_pending() const;
  Result<void> save(const PendingRegistration& pending) const;
  Result<std::optional<InstallerSession>> load_session() const;
  Result<void> save(const InstallerSession& session) const;
  Result<void> forget_session() const;  // and what was pending
  Result<std::optional<Registration>> load_registration() const;
  Result<void> save(const Registration& registration) const;
  Result<std::optional<Secret>> load_candidate_key() const;
  Result<void> save_candidate_key(const Secret& pem) const;
  Result<std::optional<Registration>> load_candidate() const;
  Result<void> save_candidate(const Registration& registration) const;  // its key is there already
  Result<void> drop_candidate() const;
  Result<void> adopt_candidate() const;
  Result<RenewalMemory> load_renewal() const;
  Result<void> save(const RenewalMemory& memory) const;
  Result<std::optional<Assignment>> load_assignment() const;
  Result<void> save(const Assignment& assignment) const;
  Result<std::optional<json::object>> load_desired() const;
  Result<void> save_desired(const json::object& desired) const;
  Result<std::optional<json::object>> load_good() const;
  Result<void> save_good(const json::object& desired) const;
  Result<std::optional<FallenFrom>> load_fallen() const;
  Result<void> save(const FallenFrom& fallen) const;
  Result<void> forget_fallen() const;
  Result<LocalState> load_state() const;
  Result<void> save(const LocalState& state) const;

 private:
  explicit DataDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  bool has(std::string_view name) const;
  Result<std::optional<Secret>> load_secret(std::string_view name) const;
  Result<std::optional<Registration>> load_registration(std::string_view name) const;
  Result<void> store_registration(std::string_view name, const Registration& registration) const;
  Result<void> tidy() const;
  Result<std::optional<json::object>> load(std::string_view name) const;
  Result<void> store(std::string_view name, const json::object& content) const;
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

// The settings of this directory, made on first use.
Result<AgentSettings> load_or_make_settings(const DataDirectory& directory);

}  // namespace ferry::agent
