// SPDX-License-Identifier: Apache-2.0
#include "agent/device_setup.hpp"

#include <unistd.h>

#include <cstdlib>

#include "agent/edge_config.hpp"
#include "agent/systemd_units.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr const char* kEdgeConfig = "/etc/aziot/config.toml";
constexpr const char* kEdgePayload = "/etc/aziot/ferry-payload.json";
constexpr const char* kEdgeCertificate = "/var/aziot/certs/ferry-identity.pem";
constexpr const char* kFerryCa = "/var/aziot/certs/ferry-server-ca.pem";
constexpr const char* kEdgeKey = "/var/aziot/secrets/ferry-identity.key.pem";
constexpr const char* kIssuedCertificates = "/var/lib/aziot/certd/certs";
constexpr const char* kMadeKeys = "/var/lib/aziot/keyd/keys";
// The users of Microsoft's certificates service, keys service and identity service.
constexpr const char* kCertificatesUser = "aziotcs";
constexpr const char* kKeysUser = "aziotks";
constexpr const char* kIdentityUser = "aziotid";

// What the running system's programs are called for; not while a machine is put together.
bool has_systemd() {
  std::error_code error;
  return std::filesystem::is_directory("/run/systemd/system", error);
}

void systemctl(Deeds& deeds, std::vector<std::string> arguments, bool may_fail = false) {
  if (!has_systemd()) return;
  arguments.insert(arguments.begin(), "systemctl");
  deeds.run(std::move(arguments), may_fail);
}

UnitOptions unit_options(const SetupOptions& options) {
  UnitOptions unit;
  unit.program = options.program;
  unit.data = options.data;
  unit.docker = options.docker;
  unit.network = options.network;
  for (const auto* name :
       {"FERRY_MQTT_PORT", "FERRY_LOCALHOST_ADDRESS", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}) {
    if (const char* value = std::getenv(name)) unit.environment.emplace_back(name, value);
  }
  return unit;
}

std::string host_name() {
  char buffer[256] = {};
  if (::gethostname(buffer, sizeof buffer - 1) != 0) return "localhost";
  return buffer;
}

std::string existing_config(const Deeds& deeds) {
  return read_file(deeds.in_root(kEdgeConfig)).value_or(std::string());
}

// The certificates without the keys, each by the user of the service that reads it.
void add_identity_files(Deeds& deeds, const Identity& identity) {
  deeds.make_directory("/var/aziot/certs", 0755, kCertificatesUser);
  deeds.make_directory("/var/aziot/secrets", 0700, kKeysUser);
  // The key first: a certificate is never there without the key that it is for.
  deeds.write(kEdgeKey, identity.key_pem.reveal(), 0600, kKeysUser);
  deeds.write(kEdgeCertificate, identity.registration.chain_pem, 0644, kCertificatesUser);
  if (identity.registration.payload.is_object()) {
    deeds.write(kEdgePayload, pretty_json(identity.registration.payload) + "\n", 0644,
                kIdentityUser);
  }
}

Result<void> add_edge_config(Deeds& deeds, const SetupOptions& options, const Identity& identity) {
  EdgeProvisioning wanted;
  wanted.host = identity.registration.provisioning_host;
  wanted.id_scope = identity.registration.id_scope;
  wanted.registration_id = to_lower(identity.registration.registration_id);
  wanted.certificate_path = kEdgeCertificate;
  wanted.key_path = kEdgeKey;
  if (identity.registration.payload.is_object()) wanted.payload_path = kEdgePayload;
  if (!identity.registration.server.empty()) {
    wanted.est_url = identity.registration.server + "/.well-known/est/edge-ca";
  }
  if (!options.server_ca_pem.empty()) {
    wanted.server_ca_path = kFerryCa;
    deeds.write(kFerryCa, options.server_ca_pem, 0644, kCertificatesUser);
  }
  const std::string before = existing_config(deeds);
  const std::string base =
      before.empty() ? fmt::format("hostname = \"{}\"\n", host_name()) : before;
  auto after = with_provisioning(base, wanted, options.replace_provisioning);
  if (!after) return fail(std::move(after).error().with("read {}", kEdgeConfig));
  if (*after == before) return {};
  if (!before.empty()) {
    const auto copy =
        fmt::format("{}.before-ferry-{}", kEdgeConfig, unix_seconds(SystemClock().now()));
    deeds.write(copy, before, 0600);
  }
  deeds.call(fmt::format("change {}:\n{}", kEdgeConfig, line_difference(before, *after)),
             [] { return Result<void>(); });
  deeds.write(kEdgeConfig, *std::move(after), 0600);
  return {};
}

}  // namespace

Result<Deeds> setup_deeds(const SetupOptions& options, const Identity& identity) {
  Deeds deeds(options.root);
  const auto unit = unit_options(options);
  const bool units = has_systemd() || !options.root.empty();
  if (options.runtime == "ferry" && units) {
    deeds.write(kAgentUnit, agent_unit(unit), 0644);
    systemctl(deeds, {"daemon-reload"});
    systemctl(deeds, options.start
                         ? std::vector<std::string>{"enable", "--now", "ferry-agent.service"}
                         : std::vector<std::string>{"enable", "ferry-agent.service"});
  }
  if (options.runtime == "iotedge") {
    add_identity_files(deeds, identity);
    if (auto added = add_edge_config(deeds, options, identity); !added) {
      return fail(std::move(added).error());
    }
    if (units) {
      deeds.write(kRenewUnit, renew_unit(unit), 0644);
      deeds.write(kRenewTimer, renew_timer(), 0644);
      systemctl(deeds, {"daemon-reload"});
      systemctl(deeds, {"enable", "--now", "ferry-agent-renew.timer"});
    }
    if (options.start) deeds.run({"iotedge", "config", "apply"});
  }
  return deeds;
}

Deeds edge_identity_deeds(const std::filesystem::path& root, const Identity& identity) {
  Deeds deeds(root);
  add_identity_files(deeds, identity);
  if (!deeds.empty()) deeds.run({"iotedge", "system", "reprovision"});
  return deeds;
}

Result<Deeds> teardown_deeds(const std::filesystem::path& root) {
  Deeds deeds(root);
  bool units = false;
  for (const auto* unit : {kAgentUnit, kRenewTimer, kRenewUnit}) {
    std::error_code error;
    if (!std::filesystem::exists(deeds.in_root(unit), error)) continue;
    units = true;
    const std::string name = std::filesystem::path(unit).filename();
    if (unit != kRenewUnit) systemctl(deeds, {"disable", "--now", name}, true);
    deeds.remove(unit);
  }
  if (units) systemctl(deeds, {"daemon-reload"}, true);
  const std::string before = existing_config(deeds);
  auto after = without_provisioning(before);
  if (!after) return fail(std::move(after).error().with("read {}", kEdgeConfig));
  if (*after) {
    deeds.call(fmt::format("change {}:\n{}", kEdgeConfig, line_difference(before, **after)),
               [] { return Result<void>(); });
    deeds.write(kEdgeConfig, **std::move(after), 0600);
  }
  for (const auto* file : {kEdgePayload, kEdgeCertificate, kEdgeKey, kFerryCa}) deeds.remove(file);
  return deeds;
}

std::string setup_advice(const SetupOptions& options) {
  const bool units = has_systemd() || !options.root.empty();
  if (options.runtime == "ferry" && !units) {
    return fmt::format(
        "There is no systemd here: have the machine's init run this, as root\n  {} run --data {}\n",
        options.program.string(), options.data.string());
  }
  std::string text;
  if (options.runtime == "iotedge") {
    if (!units) {
      text += fmt::format(
          "There is no systemd here: have cron run this twice a day, as root\n  {} renew --data "
          "{}\n",
          options.program.string(), options.data.string());
    }
    if (!options.root.empty() || !has_program("iotedge")) {
      text += "Microsoft's runtime is not here yet: once it is, run\n  iotedge config apply\n";
    }
    const Deeds here(options.root);
    if (has_other_edge_ca(existing_config(here)).value_or(false)) {
      text += fmt::format(
          "The edge CA stays the one that {} names: take its [edge_ca] and [cert_issuance] out and "
          "repeat the command for Ferry's\n",
          kEdgeConfig);
    }
    std::error_code error;
    if (std::filesystem::is_directory(here.in_root(kIssuedCertificates), error) &&
        !std::filesystem::is_empty(here.in_root(kIssuedCertificates), error)) {
      text += fmt::format(
          "The runtime has certificates of an edge CA before, which it keeps until they are "
          "renewed; to have Ferry's at once\n  iotedge system stop; rm -rf {}/* {}/*; iotedge "
          "config apply\n",
          kIssuedCertificates, kMadeKeys);
    }
  }
  return text;
}

}  // namespace ferry::agent
