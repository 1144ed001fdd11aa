// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/service.hpp"

#include "base/file.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "drydock/blob/delegation.hpp"
#include "drydock/blob/listing.hpp"
#include "drydock/blob/shared_key.hpp"

namespace drydock {

using blob::BlobRequest;
using blob::Operation;
using blob::Outcome;
using blob::refuse;
using blob::SasGrant;
using ferry::fail;
namespace net = ferry::net;

namespace {

// The service drops blocks that no block list has taken up for a week.
constexpr auto kBlockLifetime = std::chrono::hours(24 * 7);
constexpr std::string_view kDefaultVersion = "2021-12-02";

void set_common_headers(net::Headers& headers, std::string_view request_id,
                        const net::HttpRequest& request, ferry::Timestamp now) {
  headers.set("Server", "Drydock-Blob/1.0");
  headers.set("Date", ferry::format_rfc1123(now));
  headers.set("x-ms-request-id", std::string(request_id));
  headers.set("x-ms-version", request.headers.get_or("x-ms-version", kDefaultVersion));
  if (const auto id = request.headers.get("x-ms-client-request-id"); id && id->size() <= 1024) {
    headers.set("x-ms-client-request-id", std::string(*id));
  }
}

}  // namespace

BlobService::BlobService(const ferry::Clock& clock, const Directory& directory,
                         const Endpoints& endpoints, const TokenVerifier& tokens,
                         blob::BlobStore store, blob::ContentFiles files)
    : clock_(clock),
      directory_(directory),
      endpoints_(endpoints),
      tokens_(tokens),
      store_(std::move(store)),
      files_(std::move(files)) {}

ferry::Result<std::unique_ptr<BlobService>> BlobService::open(
    const ferry::Clock& clock, const Directory& directory, const Endpoints& endpoints,
    const TokenVerifier& tokens, const std::filesystem::path& directory_path) {
  auto made = ferry::make_directories(directory_path, 0700);
  if (!made) return fail(std::move(made).error());
  auto store = blob::BlobStore::open(directory_path / "blob.db");
  if (!store) return fail(std::move(store).error().with("open Blob Storage"));
  auto files = blob::ContentFiles::open(directory_path / "blobs");
  if (!files) return fail(std::move(files).error().with("open Blob Storage"));
  if (auto expired = store->expire_blocks(clock.now() - kBlockLifetime); !expired) {
    return fail(std::move(expired).error());
  }
  auto referenced = store->referenced_files();
  if (!referenced) return fail(std::move(referenced).error());
  const std::size_t removed = files->collect(*referenced);
  if (removed > 0) ferry::log::info("blob", "removed {} unused content files", removed);
  return std::unique_ptr<BlobService>(
      new BlobService(clock, directory, endpoints, tokens, *std::move(store), *std::move(files)));
}

net::Task<net::HttpResponse> BlobService::handle(net::HttpRequest request) {
  const std::string request_id = ferry::random_uuid();
  // The head is still needed after the request has moved on.
  net::HttpRequest head{request.method, request.target, request.headers, "", {}};
  Response answered = co_await answer(std::move(request));
  net::HttpResponse response = answered
                                   ? *std::move(answered)
                                   : blob::to_response(answered.error(), request_id, clock_.now());
  set_common_headers(response.headers, request_id, head, clock_.now());
  co_return response;
}

BlobService::Reply BlobService::answer(net::HttpRequest http) {
  auto request = blob::parse_request(std::move(http));
  if (!request) co_return refuse(std::move(request).error());
  auto admission = authorize(*request);
  if (!admission) co_return refuse(std::move(admission).error());
  Response response = co_await dispatch(*request, *admission);
  if (response &&
      (request->operation == Operation::get_blob || request->operation == Operation::head_blob)) {
    for (const auto& [name, value] : admission->grant.response_headers)
      response->headers.set(name, value);
  }
  co_return response;
}

Outcome<BlobService::Admission> BlobService::authorize(const BlobRequest& request) {
  constexpr std::string_view kSharedKey = "SharedKey ";
  constexpr std::string_view kBearer = "Bearer ";
  const auto account = directory_.find_storage_account(request.account);
  if (!account) {
    return refuse(404, "ResourceNotFound", "There is no storage account of that name.");
  }
  const std::string authorization = request.header("Authorization");
  if (authorization.starts_with(kSharedKey)) {
    auto checked = blob::check_shared_key(request.http,
                                          std::string_view(authorization).substr(kSharedKey.size()),
                                          *account, clock_.now());
    if (!checked) return refuse(std::move(checked).error());
    return Admission{};
  }
  if (authorization.starts_with(kBearer)) {
    auto identity =
        authorize_bearer(request, std::string_view(authorization).substr(kBearer.size()));
    if (!identity) return refuse(std::move(identity).error());
    return Admission{{}, *std::move(identity)};
  }
  if (!authorization.empty()) {
    return blob::refuse_authentication("The Authorization header's scheme is not supported.");
  }
  if (blob::has_sas(request.http)) {
    auto grant = authorize_sas(request, *account);
    if (!grant) return refuse(std::move(grant).error());
    return Admission{*std::move(grant), std::nullopt};
  }
  blob::Refusal refusal{401, "NoAuthenticationInformation",
                        "Server failed to authenticate the request. Please refer to the "
                        "information in the www-authenticate header."};
  refusal.headers.set("WWW-Authenticate",
                      fmt::format("Bearer authorization_uri={}/common/oauth2/authorize "
                                  "resource_id=https://storage.azure.com",
                                  endpoints_.login_url()));
  return refuse(std::move(refusal));
}

Outcome<SasGrant> BlobService::authorize_sas(const BlobRequest& request,
                                             const StorageAccountInfo& account) {
  blob::SasGround ground{account, {}, {}, clock_.now()};
  if (!request.query("si").empty()) {
    auto container = store_.find_container(request.account, request.container);
    if (!container) return blob::refuse_internal(container.error());
    if (*container) ground.policies = (*container)->policies;
  }
  auto seed = store_.delegation_seed();
  if (!seed) return blob::refuse_internal(seed.error());
  ground.delegation_seed = *std::move(seed);
  return blob::check_sas(request, ground);
}

Outcome<TokenIdentity> BlobService::authorize_bearer(const BlobRequest& request,
                                                     std::string_view token) const {
  if (!request.http.peer.tls) {
    return blob::refuse_authentication("Authentication scheme Bearer is not allowed over http.");
  }
  const std::vector<std::string> audiences = {"https://storage.azure.com",
                                              endpoints_.blob_url(request.account)};
  auto identity = tokens_.verify(token, audiences);
  if (!identity) {
    return refuse(401, "InvalidAuthenticationInfo",
                  "Server failed to authenticate the request. The token is invalid, expired or "
                  "made for another audience.");
  }
  return *std::move(identity);
}

BlobService::Response BlobService::give_delegation_key(const BlobRequest& request,
                                                       const Admission& admission) {
  if (!admission.identity) {
    return refuse(403, "AuthenticationFailed",
                  "Only an identity may ask for a user delegation key: use an Entra token.");
  }
  auto delegation = blob::parse_delegation(request, clock_.now());
  if (!delegation) return refuse(std::move(delegation).error());
  delegation->object = admission.identity->object_id;
  delegation->tenant = admission.identity->tenant_id;
  auto seed = store_.delegation_seed();
  if (!seed) return blob::refuse_internal(seed.error());
  return blob::xml_response(blob::delegation_xml(*delegation, *seed));
}

BlobService::Reply BlobService::dispatch(const BlobRequest& request, const Admission& admission) {
  const bool create_only = admission.grant.create_only;
  switch (request.operation) {
    case Operation::put_blob:
      co_return co_await put_blob(request, create_only);
    case Operation::put_block:
      co_return co_await put_block(request);
    case Operation::get_blob:
      co_return co_await get_blob(request);
    case Operation::list_containers:
      co_return list_containers(request);
    case Operation::create_container:
      co_return create_container(request);
    case Operation::get_container:
      co_return get_container(request);
    case Operation::set_container_metadata:
      co_return set_container_metadata(request);
    case Operation::delete_container:
      co_return delete_container(request);
    case Operation::list_blobs:
      co_return list_blobs(request);
    case Operation::put_block_list:
      co_return put_block_list(request, create_only);
    case Operation::get_block_list:
      co_return get_block_list(request);
    case Operation::head_blob:
      co_return head_blob(request);
    case Operation::get_blob_metadata:
      co_return get_blob_metadata(request);
    case Operation::set_blob_metadata:
      co_return set_blob_metadata(request);
    case Operation::set_blob_properties:
      co_return set_blob_properties(request);
    case Operation::set_blob_tier:
      co_return set_blob_tier(request);
    case Operation::get_blob_tags:
      co_return get_blob_tags(request);
    case Operation::set_blob_tags:
      co_return set_blob_tags(request);
    case Operation::lease_blob:
      co_return lease_blob(request);
    case Operation::lease_container:
      co_return lease_container(request);
    case Operation::get_container_acl:
      co_return get_container_acl(request);
    case Operation::set_container_acl:
      co_return set_container_acl(request);
    case Operation::copy_blob:
      co_return copy_blob(request, create_only);
    case Operation::batch:
      co_return co_await batch(request);
    case Operation::get_user_delegation_key:
      co_return give_delegation_key(request, admission);
    case Operation::delete_blob:
      co_return delete_blob(request);
    case Operation::account_information:
      break;
  }
  net::HttpResponse response;
  response.headers = {{"x-ms-sku-name", "Standard_LRS"},
                      {"x-ms-account-kind", "StorageV2"},
                      {"x-ms-is-hns-enabled", "false"}};
  co_return response;
}

void BlobService::on_deleted(ResourceKind kind, std::string_view name) {
  if (kind != ResourceKind::storage_account) return;
  auto files = store_.delete_account(ferry::to_lower(name));
  if (!files) {
    ferry::log::error("blob", "{}",
                      std::move(files).error().with("forget storage account {}", name).describe());
    return;
  }
  files_.remove(*files);
}

}  // namespace drydock
