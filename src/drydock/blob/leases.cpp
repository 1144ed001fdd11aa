// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/properties.hpp"
#include "drydock/blob/service.hpp"

namespace drydock {

using blob::BlobRequest;
using blob::refuse;
namespace net = ferry::net;

namespace {

net::HttpResponse answer_of(const blob::LeaseChange& change, const blob::Version& version) {
  net::HttpResponse response;
  response.status = change.status;
  response.headers = change.headers;
  blob::set_version_headers(response.headers, version);
  return response;
}

}  // namespace

BlobService::Response BlobService::lease_blob(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto found = require_blob(request);
  if (!found) return refuse(std::move(found).error());
  auto allowed = blob::check_write_conditions(request.http.headers, found->version);
  if (!allowed) return refuse(std::move(allowed).error());
  auto change = blob::change_lease(found->lease, request.http.headers, clock_.now());
  if (!change) return refuse(std::move(change).error());
  if (auto kept = store_.put_lease(container->id, request.blob, change->lease); !kept) {
    return blob::refuse_internal(kept.error());
  }
  return answer_of(*change, found->version);
}

BlobService::Response BlobService::lease_container(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto allowed = blob::check_write_conditions(request.http.headers, container->version);
  if (!allowed) return refuse(std::move(allowed).error());
  auto change = blob::change_lease(container->lease, request.http.headers, clock_.now());
  if (!change) return refuse(std::move(change).error());
  if (auto kept = store_.put_lease(container->id, "", change->lease); !kept) {
    return blob::refuse_internal(kept.error());
  }
  return answer_of(*change, container->version);
}

}  // namespace drydock
