// SPDX-License-Identifier: Apache-2.0
// Azure Blob Storage as its clients see it: https://<account>.blob.core.drydock.localhost (Storage
// REST, "Blob service operations"). Block blobs, without snapshots and versions.
//
// An answer that acknowledges a write is given after content and database are synced. The service
// keeps DIR/blob.db and DIR/blobs/; what a crash leaves behind there is collected when it opens.
#pragma once

#include <filesystem>
#include <memory>

#include "drydock/blob/request.hpp"
#include "drydock/blob/sas.hpp"
#include "drydock/blob/store.hpp"
#include "drydock/container_keeper.hpp"
#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"

namespace drydock {

class BlobService final : public ResourceObserver, public ContainerKeeper {
 public:
  // The references must outlive the service. `directory_path` is made when absent.
  static ferry::Result<std::unique_ptr<BlobService>> open(
      const ferry::Clock& clock, const Directory& directory, const Endpoints& endpoints,
      const TokenVerifier& tokens, const std::filesystem::path& directory_path);

  // Answers every request for a host below Endpoints::kBlobSuffix.
  ferry::net::Task<ferry::net::HttpResponse> handle(ferry::net::HttpRequest request);

  void on_deleted(ResourceKind kind, std::string_view name) override;

  ferry::Result<std::optional<ContainerInfo>> container_of(std::string_view account,
                                                           std::string_view name) override;
  ferry::Result<std::vector<ContainerInfo>> containers_of(std::string_view account) override;
  ferry::Result<bool> make_container(std::string_view account, std::string_view name) override;
  ferry::Result<bool> drop_container(std::string_view account, std::string_view name) override;

 private:
  using Response = blob::Outcome<ferry::net::HttpResponse>;
  using Reply = ferry::net::Task<Response>;

  BlobService(const ferry::Clock& clock, const Directory& directory, const Endpoints& endpoints,
              const TokenVerifier& tokens, blob::BlobStore store, blob::ContentFiles files);

  Reply answer(ferry::net::HttpRequest http);
  // Who asks, and what they may.
  struct Admission {
    blob::SasGrant grant;
    std::optional<TokenIdentity> identity;  // by a token
  };
  blob::Outcome<Admission> authorize(const blob::BlobRequest& request);
  blob::Outcome<TokenIdentity> authorize_bearer(const blob::BlobRequest& request,
                                                std::string_view token) const;
  blob::Outcome<blob::SasGrant> authorize_sas(const blob::BlobRequest& request,
                                              const StorageAccountInfo& account);
  Reply dispatch(const blob::BlobRequest& request, const Admission& admission);
  Response give_delegation_key(const blob::BlobRequest& request, const Admission& admission);

  // containers.cpp
  Response list_containers(const blob::BlobRequest& request);
  Response create_container(const blob::BlobRequest& request);
  Response get_container(const blob::BlobRequest& request);
  Response set_container_metadata(const blob::BlobRequest& request);
  Response delete_container(const blob::BlobRequest& request);
  Response get_container_acl(const blob::BlobRequest& request);
  Response set_container_acl(const blob::BlobRequest& request);
  blob::Outcome<blob::ContainerRecord> require_container(const blob::BlobRequest& request);
  // Whose conditions and lease let the request change it.
  blob::Outcome<blob::ContainerRecord> require_changeable_container(
      const blob::BlobRequest& request);
  Response write_container(blob::ContainerRecord container);
  blob::Outcome<void> check_container_lease(const blob::BlobRequest& request,
                                            const blob::ContainerRecord& container) const;

  // leases.cpp
  Response lease_blob(const blob::BlobRequest& request);
  Response lease_container(const blob::BlobRequest& request);

  // copies.cpp
  Response copy_blob(const blob::BlobRequest& request, bool create_only);
  blob::Outcome<blob::BlobRecord> source_of_copy(const blob::BlobRequest& request);

  // batch.cpp
  Reply batch(const blob::BlobRequest& request);
  ferry::net::Task<ferry::net::HttpResponse> answer_part(const blob::BlobRequest& request,
                                                         ferry::net::HttpRequest part);

  // listing.cpp
  Response list_blobs(const blob::BlobRequest& request);

  // blobs.cpp
  Reply put_blob(const blob::BlobRequest& request, bool create_only);
  Reply get_blob(const blob::BlobRequest& request);
  Response head_blob(const blob::BlobRequest& request);
  Response get_blob_metadata(const blob::BlobRequest& request);
  Response set_blob_metadata(const blob::BlobRequest& request);
  Response set_blob_properties(const blob::BlobRequest& request);
  Response set_blob_tier(const blob::BlobRequest& request);
  Response get_blob_tags(const blob::BlobRequest& request);
  Response set_blob_tags(const blob::BlobRequest& request);
  Response delete_blob(const blob::BlobRequest& request);
  blob::Outcome<blob::BlobRecord> require_blob(const blob::BlobRequest& request);
  blob::Outcome<void> check_read(const blob::BlobRequest& request,
                                 const blob::BlobRecord& found) const;
  blob::Outcome<blob::BlobRecord> blob_to_change(const blob::BlobRequest& request);
  Response save_changed(blob::BlobRecord blob);
  // Checks conditions and rights against what is there now, then puts `blob` in its place.
  blob::Outcome<blob::BlobRecord> commit_blob(const blob::BlobRequest& request,
                                              const blob::ContainerRecord& container,
                                              blob::BlobRecord blob,
                                              const std::vector<blob::Piece>& pieces,
                                              bool create_only);

  // block_lists.cpp
  Reply put_block(const blob::BlobRequest& request);
  Response put_block_list(const blob::BlobRequest& request, bool create_only);
  Response get_block_list(const blob::BlobRequest& request);

  const ferry::Clock& clock_;
  const Directory& directory_;
  const Endpoints& endpoints_;
  const TokenVerifier& tokens_;
  blob::BlobStore store_;
  blob::ContentFiles files_;
};

}  // namespace drydock
