// SPDX-License-Identifier: Apache-2.0
#include "control/cloud.hpp"

#include "azure/limits.hpp"
#include "control/cloud_port.hpp"
#include "fleet/azure_names.hpp"
#include "net/http_client.hpp"

namespace ferry::control {

TransportFactory https_transports() {
  return [](const std::string& ca_pem) -> Result<azure::Transport> {
    auto context = net::TlsClientContext::create({.ca_pem = ca_pem, .identity = {}});
    if (!context) return fail(std::move(context).error());
    auto client = std::make_shared<net::HttpClient>(
        net::HttpClientOptions{.tls = *std::move(context), .unix_socket = {}});
    return [client, send = azure::transport_over(*client)](net::HttpCall call) {
      return send(std::move(call));
    };
  };
}

CloudConnection::CloudConnection(azure::Transport the_transport, const Clock& clock,
                                 azure::CloudEnvironment environment, std::string subscription,
                                 const MakeTokens& make_tokens, std::string principal,
                                 std::shared_ptr<azure::Throttle> throttle, Sleep sleep)
    : transport(std::move(the_transport)),
      pipeline({.transport = transport,
                .clock = &clock,
                .sleep = std::move(sleep),
                .throttle = throttle}),
      tokens(make_tokens(pipeline)),
      arm(pipeline, *tokens,
          {.environment = std::move(environment),
           .subscription = std::move(subscription),
           .principal = std::move(principal),
           .register_providers = false}) {  // that takes consent: control/accounts/preflight
  azure::define_arm_limits(*throttle, arm.limits_scope());
}

std::string throttle_share(const fleet::WorkspaceId& workspace) {
  return workspace.str();
}

fleet::Environment to_fleet(const azure::CloudEnvironment& environment) {
  return {.name = environment.name,
          .resource_manager = environment.resource_manager,
          .active_directory = environment.active_directory,
          .portal = environment.portal,
          .audience = environment.audience,
          .suffixes = {.storage = environment.suffixes.storage,
                       .acr_login_server = environment.suffixes.acr_login_server,
                       .iot_hub = environment.suffixes.iot_hub,
                       .device_provisioning = environment.suffixes.device_provisioning,
                       .service_bus = environment.suffixes.service_bus}};
}

azure::CloudEnvironment to_azure(const fleet::CloudAccount& account) {
  const auto& environment = account.environment;
  return {.name = environment.name,
          .resource_manager = environment.resource_manager,
          .active_directory = environment.active_directory,
          .portal = environment.portal,
          .audience = environment.audience,
          .tenant = account.tenant_id,
          .suffixes = {.storage = environment.suffixes.storage,
                       .acr_login_server = environment.suffixes.acr_login_server,
                       .iot_hub = environment.suffixes.iot_hub,
                       .device_provisioning = environment.suffixes.device_provisioning,
                       .service_bus = environment.suffixes.service_bus},
          .device_provisioning_host = {},
          .ca_pem = account.ca_pem};
}

Result<Secret> Clouds::secret(const std::string& owner, const std::string& name) const {
  auto found = store_.secrets.get(owner, name);
  if (!found) return fail(std::move(found).error());
  if (!*found) return fail(Code::conflict, "the {} is not there yet", name);
  return **std::move(found);
}

Result<azure::Transport> Clouds::transport(const fleet::CloudAccount& account) const {
  auto sender = transports_(account.ca_pem);
  if (!sender) return fail(std::move(sender).error());
  return at_port_of(account.environment, *std::move(sender));
}

Result<std::shared_ptr<CloudConnection>> Clouds::connect(const fleet::CloudAccount& account,
                                                         const NewCredential& credential,
                                                         KeepRefreshToken keep) const {
  auto make_tokens = token_factory(credential, account.tenant_id,
                                   to_azure(account).active_directory, std::move(keep));
  if (!make_tokens) return fail(std::move(make_tokens).error());
  auto sender = transport(account);
  if (!sender) return fail(std::move(sender).error());
  return std::make_shared<CloudConnection>(*std::move(sender), clock_, to_azure(account),
                                           account.subscription_id, *make_tokens,
                                           credential.client_id, throttle_, sleep_);
}

Result<std::shared_ptr<CloudConnection>> Clouds::account(const fleet::CloudAccountId& id) {
  const auto kept = accounts_.find(id.str());
  if (kept != accounts_.end()) return kept->second;
  auto account = store_.accounts.find(id);
  if (!account) return fail(std::move(account).error());
  if (!*account) return fail(Code::not_found, "the cloud account is not there any more");
  auto credential = load_credential(store_, **account);
  if (!credential) return fail(std::move(credential).error());
  const auto keep = [&store = store_, owner = id.str()](const Secret& token) {
    return store.secrets.put(owner, secret_names::kRefreshToken, token);
  };
  auto connection = connect(**account, *credential, keep);
  if (connection) accounts_[id.str()] = *connection;
  return connection;
}

void Clouds::forget(const fleet::CloudAccountId& id) {
  const auto found = accounts_.find(id.str());
  if (found == accounts_.end()) return;
  std::erase_if(workspaces_, [&](const auto& item) { return item.second->cloud == found->second; });
  accounts_.erase(found);
}

azure::IotHubClient& WorkspaceConnection::hub_of(const fleet::NodeGroup& group) {
  const auto further = further_hubs.find(group.hub);
  return further == further_hubs.end() ? hub : further->second;
}

std::vector<azure::IotHubClient*> WorkspaceConnection::hubs() {
  std::vector<azure::IotHubClient*> all{&hub};
  for (auto& [key, client] : further_hubs) all.push_back(&client);
  return all;
}

Result<std::shared_ptr<WorkspaceConnection>> Clouds::workspace(const fleet::Workspace& workspace) {
  const auto kept = workspaces_.find(workspace.id.str());
  if (kept != workspaces_.end()) return kept->second;
  auto cloud = account(workspace.cloud_account);
  if (!cloud) return fail(std::move(cloud).error());
  Secret secrets[4];
  const std::string* names[4] = {&secret_names::kHubKey, &secret_names::kDpsKey,
                                 &secret_names::kStorageKey, &secret_names::kPushPassword};
  for (std::size_t i = 0; i < 4; ++i) {
    auto found = secret(workspace.id.str(), *names[i]);
    if (!found) {
      return fail(std::move(found).error().advise(
          fmt::format("ferry workspace show {} says how far its provisioning is", workspace.name)));
    }
    secrets[i] = *std::move(found);
  }
  const auto& azure = workspace.names;
  azure::SasKey hub_key{workspace.hub_host, std::string(kHubPolicy), secrets[0]};
  azure::SasKey dps_key{workspace.provisioning_service, std::string(kDpsPolicy), secrets[1]};
  oci::RegistryOptions registry{
      .host = workspace.login_server,
      .credential = oci::RegistryCredential{fleet::push_token_name(workspace), secrets[3]},
      .clock = &clock_,
      .sleep = {}};
  azure::define_hub_limits(*throttle_, azure::hub_scope(workspace.hub_host), workspace.options.sku,
                           workspace.options.units);
  azure::define_dps_limits(*throttle_, azure::dps_scope(workspace.provisioning_service));
  const std::string registry_scope = azure::registry_scope(workspace.login_server);
  azure::define_registry_limits(*throttle_, registry_scope, "Basic");
  auto registry_transport =
      azure::throttled((*cloud)->transport, throttle_,
                       [registry_scope](const net::HttpCall& call) {
                         return azure::registry_budgets(registry_scope, call.method);
                       },
                       workspace.login_server);
  auto& pipeline = (*cloud)->pipeline;
  std::map<std::string, azure::IotHubClient> further;
  for (const auto& hub : workspace.further_hubs) {
    if (hub.host.empty()) continue;
    auto key = secret(workspace.id.str(), secret_names::hub_key(hub.key));
    if (!key) return fail(std::move(key).error());
    azure::define_hub_limits(*throttle_, azure::hub_scope(hub.host), workspace.options.sku,
                             workspace.options.units);
    further.emplace(
        hub.key, azure::IotHubClient(
                     pipeline, azure::SasKey{hub.host, std::string(kHubPolicy), *std::move(key)}));
  }
  std::shared_ptr<WorkspaceConnection> connection(new WorkspaceConnection{
      *cloud, azure::IotHubClient(pipeline, std::move(hub_key)), std::move(further),
      azure::DpsClient(pipeline, std::move(dps_key)),
      azure::BlobClient(pipeline, workspace.blob_endpoint, {azure.storage_account, secrets[2]}),
      oci::RegistryClient(std::move(registry_transport), std::move(registry))});
  workspaces_[workspace.id.str()] = connection;
  return connection;
}

}  // namespace ferry::control
