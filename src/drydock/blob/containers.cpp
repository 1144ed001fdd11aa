// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/listing.hpp"
#include "drydock/blob/properties.hpp"
#include "drydock/blob/service.hpp"
#include "drydock/blob/xml.hpp"

namespace drydock {

using blob::BlobRequest;
using blob::ContainerRecord;
using blob::Outcome;
using blob::refuse;
namespace net = ferry::net;

Outcome<ContainerRecord> BlobService::require_container(const BlobRequest& request) {
  auto container = store_.find_container(request.account, request.container);
  if (!container) return blob::refuse_internal(container.error());
  if (!*container) {
    return refuse(404, "ContainerNotFound", "The specified container does not exist.");
  }
  return **std::move(container);
}

Outcome<void> BlobService::check_container_lease(const BlobRequest& request,
                                                 const ContainerRecord& container) const {
  return blob::check_lease_id(container.lease, request.http.headers, blob::Leased::container,
                              clock_.now());
}

BlobService::Response BlobService::create_container(const BlobRequest& request) {
  if (request.http.headers.contains("x-ms-blob-public-access")) {
    return refuse(409, "PublicAccessNotPermitted",
                  "Public access is not permitted on this storage account.");
  }
  auto metadata = blob::metadata_of(request.http.headers);
  if (!metadata) return refuse(std::move(metadata).error());
  const ContainerRecord container{
      0, request.container, {blob::new_etag(), clock_.now()}, *std::move(metadata)};
  if (auto created = store_.create_container(request.account, container); !created) {
    if (created.error().code != ferry::Code::conflict)
      return blob::refuse_internal(created.error());
    return refuse(409, "ContainerAlreadyExists", "The specified container already exists.");
  }
  net::HttpResponse response;
  response.status = 201;
  blob::set_version_headers(response.headers, container.version);
  return response;
}

BlobService::Response BlobService::get_container(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  net::HttpResponse response;
  blob::set_version_headers(response.headers, container->version);
  blob::set_metadata_headers(response.headers, container->metadata);
  if (request.query("comp").empty()) {
    blob::set_lease_headers(response.headers, container->lease, clock_.now());
    response.headers.set("x-ms-has-immutability-policy", "false");
    response.headers.set("x-ms-has-legal-hold", "false");
  }
  return response;
}

Outcome<ContainerRecord> BlobService::require_changeable_container(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return container;
  auto allowed = blob::check_write_conditions(request.http.headers, container->version);
  if (!allowed) return refuse(std::move(allowed).error());
  auto held = check_container_lease(request, *container);
  if (!held) return refuse(std::move(held).error());
  return container;
}

BlobService::Response BlobService::write_container(ContainerRecord container) {
  container.version = {blob::new_etag(), clock_.now()};
  if (auto saved = store_.update_container(container); !saved) {
    return blob::refuse_internal(saved.error());
  }
  net::HttpResponse response;
  blob::set_version_headers(response.headers, container.version);
  return response;
}

BlobService::Response BlobService::set_container_metadata(const BlobRequest& request) {
  auto container = require_changeable_container(request);
  if (!container) return refuse(std::move(container).error());
  auto metadata = blob::metadata_of(request.http.headers);
  if (!metadata) return refuse(std::move(metadata).error());
  container->metadata = *std::move(metadata);
  return write_container(*std::move(container));
}

BlobService::Response BlobService::get_container_acl(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto held = check_container_lease(request, *container);
  if (!held) return refuse(std::move(held).error());
  auto response = blob::xml_response(blob::access_policies_xml(container->policies));
  blob::set_version_headers(response.headers, container->version);
  return response;
}

BlobService::Response BlobService::set_container_acl(const BlobRequest& request) {
  if (request.http.headers.contains("x-ms-blob-public-access")) {
    return refuse(409, "PublicAccessNotPermitted",
                  "Public access is not permitted on this storage account.");
  }
  auto container = require_changeable_container(request);
  if (!container) return refuse(std::move(container).error());
  auto policies = blob::parse_access_policies(request.http.body);
  if (!policies) return refuse(std::move(policies).error());
  container->policies = *std::move(policies);
  return write_container(*std::move(container));
}

BlobService::Response BlobService::delete_container(const BlobRequest& request) {
  auto container = require_container(request);
  if (!container) return refuse(std::move(container).error());
  auto allowed = blob::check_write_conditions(request.http.headers, container->version);
  if (!allowed) return refuse(std::move(allowed).error());
  auto held = blob::check_holder(container->lease, request.http.headers, blob::Leased::container,
                                 clock_.now());
  if (!held) return refuse(std::move(held).error());
  auto files = store_.delete_container(container->id);
  if (!files) return blob::refuse_internal(files.error());
  files_.remove(*files);
  net::HttpResponse response;
  response.status = 202;
  return response;
}

BlobService::Response BlobService::list_containers(const BlobRequest& request) {
  auto page = blob::parse_page(request);
  if (!page) return refuse(std::move(page).error());
  auto records = store_.list_containers(request.account, page->start, page->limit + 1);
  if (!records) return blob::refuse_internal(records.error());

  blob::XmlWriter xml;
  const std::string endpoint = endpoints_.blob_url(request.account) + "/";
  xml.open("EnumerationResults", {{"ServiceEndpoint", endpoint}});
  blob::write_page(xml, request, *page);
  xml.open("Containers");
  std::string next;
  int count = 0;
  for (const ContainerRecord& record : *records) {
    if (!record.name.starts_with(page->prefix)) break;
    if (count++ == page->limit) {
      next = blob::make_marker(record.name);
      break;
    }
    xml.open("Container");
    xml.element("Name", record.name);
    xml.open("Properties");
    xml.element("Last-Modified", ferry::format_rfc1123(record.version.modified));
    xml.element("Etag", record.version.etag);
    blob::write_lease(xml, record.lease, clock_.now());
    xml.element("HasImmutabilityPolicy", "false");
    xml.element("HasLegalHold", "false");
    xml.close("Properties");
    if (page->with_metadata) blob::write_metadata(xml, record.metadata);
    xml.close("Container");
  }
  xml.close("Containers");
  xml.element("NextMarker", next);
  xml.close("EnumerationResults");
  return blob::xml_response(std::move(xml).finish());
}

}  // namespace drydock
