// SPDX-License-Identifier: Apache-2.0
// Azure Container Registry as its clients see it: OCI distribution 1.1 with token authentication,
// at https://<registry>.azurecr.drydock.localhost (and plain HTTP where the front end offers it).
//
// Keeps DIR/registry.db and DIR/registry/. Blobs are stored once per registry and linked into its
// repositories. An acknowledged push is synced; unfinished uploads survive a restart for a day.
#pragma once

#include <filesystem>
#include <memory>
#include <unordered_set>

#include "base/json.hpp"
#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"
#include "drydock/registry/access.hpp"
#include "drydock/registry/files.hpp"
#include "drydock/registry/names.hpp"
#include "drydock/registry/store.hpp"
#include "drydock/registry/tokens.hpp"

namespace drydock {

class RegistryService final : public ResourceObserver {
 public:
  // The references must outlive the service. `directory_path` is made when absent.
  static ferry::Result<std::unique_ptr<RegistryService>> open(
      const ferry::Clock& clock, const Directory& directory, const Endpoints& endpoints,
      const TokenVerifier& tokens, const std::filesystem::path& directory_path);

  // Answers every request for a host below Endpoints::kRegistrySuffix.
  ferry::net::Task<ferry::net::HttpResponse> handle(ferry::net::HttpRequest request);

  void on_deleted(ResourceKind kind, std::string_view name) override;

 private:
  using HttpRequest = ferry::net::HttpRequest;
  using Response = registry::Outcome<ferry::net::HttpResponse>;
  using Reply = ferry::net::Task<Response>;

  // One request on its way: whom it is for, what it wants, and what its sender may do.
  struct Call {
    RegistryInfo registry;
    std::string name;  // of the registry, lower case
    registry::Route route;
    std::vector<registry::Scope> access;           // of its bearer token
    std::optional<registry::Principal> principal;  // with Basic authentication
    HttpRequest http;

    bool may(std::string_view type, std::string_view what, std::string_view action) const;
  };

  RegistryService(const ferry::Clock& clock, const Directory& directory, const Endpoints& endpoints,
                  const TokenVerifier& verifier, registry::RegistryStore store,
                  registry::RegistryFiles files, ferry::Secret signing_key);

  Reply answer(HttpRequest http);
  Reply dispatch(Call& call);
  registry::Outcome<void> authorize(Call& call) const;

  // oauth.cpp
  Response token(const RegistryInfo& registry, const HttpRequest& http);
  Response exchange(const RegistryInfo& registry, const HttpRequest& http);

  // blobs.cpp
  Reply get_blob(const Call& call);
  Response delete_blob(const Call& call);

  // uploads.cpp
  Reply start_upload(const Call& call);
  Reply continue_upload(const Call& call);
  Reply finish_upload(const Call& call);
  Response upload_status(const Call& call);
  Response cancel_upload(const Call& call);
  registry::Outcome<registry::Upload> find_upload(const Call& call);
  ferry::net::Task<registry::Outcome<void>> append(registry::Upload& upload,
                                                   std::string_view bytes);
  // Checks the digest of what has come in and makes it a blob.
  Reply complete(const Call& call, registry::Upload upload, std::string digest);
  std::optional<ferry::net::HttpResponse> try_mount(const Call& call);

  // manifests.cpp
  Response put_manifest(const Call& call);
  Response get_manifest(const Call& call);
  Response delete_manifest(const Call& call);
  registry::Outcome<registry::Manifest> read_manifest(const Call& call);
  registry::Outcome<void> check_references(const Call& call, const boost::json::object& document);

  // discovery.cpp
  Response list_tags(const Call& call);
  Response catalog(const Call& call);
  Response list_referrers(const Call& call);

  const ferry::Clock& clock_;
  const Directory& directory_;
  const Endpoints& endpoints_;
  const TokenVerifier& verifier_;
  registry::RegistryStore store_;
  registry::RegistryFiles files_;
  registry::TokenSigner signer_;
  // Uploads that a request is writing to: a second one at the same time is refused.
  std::unordered_set<std::string> busy_uploads_;
};

}  // namespace drydock
