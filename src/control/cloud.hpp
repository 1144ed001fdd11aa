// SPDX-License-Identifier: Apache-2.0
// Connections to clouds: per cloud account the Resource Manager, per workspace the data planes.
// Made when first asked for and kept; whoever uses one holds a shared_ptr to it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "azure/arm/client.hpp"
#include "azure/blob/client.hpp"
#include "azure/dps/client.hpp"
#include "azure/entra/token_source.hpp"
#include "azure/iot_hub/client.hpp"
#include "control/accounts/credentials.hpp"
#include "oci/registry_client.hpp"
#include "store/store.hpp"

namespace ferry::control {

// How requests leave the process; scripted in tests.
using TransportFactory = std::function<Result<azure::Transport>(const std::string& ca_pem)>;
TransportFactory https_transports();

// How the control plane waits; net::sleep_for outside tests.
using Sleep = std::function<net::Task<void>(std::chrono::milliseconds)>;

struct CloudConnection {
  CloudConnection(azure::Transport transport, const Clock& clock,
                  azure::CloudEnvironment environment, std::string subscription,
                  const MakeTokens& make_tokens, std::string principal,
                  std::shared_ptr<azure::Throttle> throttle, Sleep sleep = {});
  azure::Transport transport;
  azure::Pipeline pipeline;
  std::unique_ptr<azure::TokenSource> tokens;
  azure::arm::ArmClient arm;
};

struct WorkspaceConnection {
  std::shared_ptr<CloudConnection> cloud;  // first: the clients borrow its pipeline
  azure::IotHubClient hub;                 // the first one
  std::map<std::string, azure::IotHubClient> further_hubs;  // by key; those that stand
  azure::DpsClient dps;
  azure::BlobClient blobs;
  oci::RegistryClient registry;

  // The hub that this group is in. What is about devices and deployments goes there.
  azure::IotHubClient& hub_of(const fleet::NodeGroup& group);
  // All hubs, the first one first.
  std::vector<azure::IotHubClient*> hubs();
};

// Names of what is kept sealed. Owner: the account, workspace or group.
namespace secret_names {
inline const std::string kClientSecret = "client-secret";
inline const std::string kRefreshToken = "refresh-token";
inline const std::string kHubKey = "iot-hub-key";     // of the first hub
inline std::string hub_key(const std::string& hub) {  // `hub`: its key in the table
  return hub + "-key";
}
inline const std::string kDpsKey = "dps-key";
inline const std::string kStorageKey = "storage-key";
inline const std::string kEventHubListen = "event-hub-listen";  // connection string
inline const std::string kPushPassword = "registry-push-password";
inline const std::string kPullPassword = "registry-pull-password";
inline const std::string kCaKey = "ca-private-key";
}  // namespace secret_names

inline constexpr std::string_view kHubPolicy = "iothubowner";
inline constexpr std::string_view kDpsPolicy = "provisioningserviceowner";

// The cloud's endpoints in the fleet's words, and back.
fleet::Environment to_fleet(const azure::CloudEnvironment& environment);
azure::CloudEnvironment to_azure(const fleet::CloudAccount& account);

// Under which requests for a workspace's cloud resources wait for their turn. Operations on these
// run in the workspace's own lane, so whoever cancels one may end the waiting of them all.
std::string throttle_share(const fleet::WorkspaceId& workspace);

class Clouds {
 public:
  Clouds(store::Store& store, const Clock& clock, TransportFactory transports, Sleep sleep = {})
      : store_(store),
        clock_(clock),
        transports_(std::move(transports)),
        sleep_(std::move(sleep)),
        throttle_(std::make_shared<azure::Throttle>(clock, sleep_)) {}

  // Of all clouds: what may be sent when.
  azure::Throttle& throttle() const { return *throttle_; }

  Result<azure::Transport> transport(const std::string& ca_pem) const {
    return transports_(ca_pem);
  }
  // To where this account's cloud listens.
  Result<azure::Transport> transport(const fleet::CloudAccount& account) const;
  const Clock& clock() const { return clock_; }
  // A connection that is not kept, to try a credential. `keep` is given each new refresh token.
  Result<std::shared_ptr<CloudConnection>> connect(const fleet::CloudAccount& account,
                                                   const NewCredential& credential,
                                                   KeepRefreshToken keep) const;
  Result<std::shared_ptr<CloudConnection>> account(const fleet::CloudAccountId& id);
  // Code::conflict while the workspace's resources are not all there.
  Result<std::shared_ptr<WorkspaceConnection>> workspace(const fleet::Workspace& workspace);
  void forget(const fleet::WorkspaceId& id) { workspaces_.erase(id.str()); }
  void forget(const fleet::CloudAccountId& id);

 private:
  Result<Secret> secret(const std::string& owner, const std::string& name) const;
  store::Store& store_;
  const Clock& clock_;
  TransportFactory transports_;
  Sleep sleep_;
  std::shared_ptr<azure::Throttle> throttle_;
  std::map<std::string, std::shared_ptr<CloudConnection>> accounts_;
  std::map<std::string, std::shared_ptr<WorkspaceConnection>> workspaces_;
};

}  // namespace ferry::control
