// SPDX-License-Identifier: Apache-2.0
// Azure Resource Manager of the local cloud: one subscription, its resource groups and resources.
// Documented protocol: Azure REST API, resource providers Microsoft.Resources, Microsoft.Devices,
// Microsoft.Storage, Microsoft.ContainerRegistry and Microsoft.Authorization.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "drydock/arm/access.hpp"
#include "drydock/arm/context.hpp"
#include "drydock/arm/rate_limits.hpp"
#include "drydock/arm/routes.hpp"
#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"
#include "net/http.hpp"

namespace drydock::arm {

struct Options {
  std::string tenant_id;
  std::string object_id;                 // of the application that owns the subscription
  std::vector<std::string> owners = {};  // object ids of further principals that own it
  PrincipalCheck knows_principal = {};   // what Entra knows; nothing: only the application
  // How long a long-running operation takes.
  std::chrono::milliseconds operation_delay{150};
  // Answers 429 when a budget that the headers show is used up.
  bool enforce_limits = false;
};

class Arm final : public Directory {
 public:
  // Everything referred to must outlive it.
  static ferry::Result<std::unique_ptr<Arm>> open(const std::filesystem::path& database,
                                                  const Endpoints& endpoints,
                                                  const TokenVerifier& tokens,
                                                  const ferry::Clock& clock, Options options);
  ~Arm() override;

  ferry::net::Task<ferry::net::HttpResponse> handle(ferry::net::HttpRequest request);
  // Told of deletions before the resource is gone.
  void observe(ResourceObserver& observer);
  // Asked for devices, messages and the health of endpoints; zero and unknown without it.
  void observe_hubs(HubGauge& gauge) { context_->hub_gauge = &gauge; }
  // Where blob containers are kept.
  void manage_containers(ContainerKeeper& keeper) { context_->containers = &keeper; }
  // Lets `fate` decide which long-running operations fail; all succeed otherwise.
  void decide_operations(OperationFate fate);
  // Ends operations whose time has come; every call does so too. Call it now and then, so that
  // deletions reach the observers when nobody calls.
  void settle() const;
  const std::string& subscription_id() const;

  std::optional<std::uint64_t> version() const override { return context_->store.version(); }
  std::optional<HubInfo> find_hub(std::string_view name) const override;
  std::optional<HubInfo> find_hub_by_namespace(std::string_view name) const override;
  std::optional<ProvisioningServiceInfo> find_provisioning_service(
      std::string_view name) const override;
  std::optional<ProvisioningServiceInfo> find_provisioning_service_by_scope(
      std::string_view id_scope) const override;
  std::optional<StorageAccountInfo> find_storage_account(std::string_view name) const override;
  std::optional<RegistryInfo> find_registry(std::string_view name) const override;
  std::optional<EventHubNamespaceInfo> find_event_hub_namespace(
      std::string_view name) const override;
  bool grants_data_action(std::string_view principal, std::string_view scope,
                          std::string_view action) const override;

 private:
  Arm(Store store, const Endpoints& endpoints, const TokenVerifier& tokens,
      const ferry::Clock& clock, Account account, std::chrono::milliseconds delay);
  HttpResponse answer(HttpRequest request);
  Answer dispatch(HttpRequest request);
  Outcome<void> count(std::string_view method);
  Outcome<Caller> authenticate(const HttpRequest& request) const;
  Outcome<void> authorize(std::string_view method, std::string_view path) const;
  Routes::Match find_route(std::string_view method, std::string_view path) const;
  void add_common_headers(const HttpRequest& request, HttpResponse& response) const;
  template <class Info, class Read>
  std::optional<Info> look_up(std::map<std::string, Info>& cache, std::string_view type,
                              std::string_view name, Read read) const;

  const TokenVerifier& tokens_;
  // Reading the directory ends operations that are due, which changes the state behind it.
  std::unique_ptr<Context> context_;
  std::unique_ptr<Access> access_;
  RateLimits limits_;
  bool enforce_limits_ = false;
  std::optional<RateLimits::Remaining> remaining_;  // after the request that is being answered
  Routes routes_;
  Routes extensions_;  // below any scope

  // Data planes ask at every request: answers are kept until a resource changes.
  struct Cache {
    std::uint64_t version = 0;
    std::map<std::string, HubInfo> hubs;
    std::map<std::string, ProvisioningServiceInfo> provisioning_services;
    std::map<std::string, StorageAccountInfo> storage_accounts;
    std::map<std::string, RegistryInfo> registries;
    std::map<std::string, EventHubNamespaceInfo> event_hub_namespaces;
  };
  mutable Cache cache_;
};

}  // namespace drydock::arm
