// SPDX-License-Identifier: Apache-2.0
// Containers as Resource Manager manages them.
#include "drydock/blob/properties.hpp"
#include "drydock/blob/service.hpp"

namespace drydock {

using blob::ContainerRecord;
using ferry::fail;
using ferry::Result;

namespace {

ContainerInfo info_of(const ContainerRecord& record) {
  return {record.name, record.version.etag, record.version.modified, record.metadata};
}

}  // namespace

Result<std::optional<ContainerInfo>> BlobService::container_of(std::string_view account,
                                                               std::string_view name) {
  auto found = store_.find_container(account, name);
  if (!found) return fail(std::move(found).error());
  if (!*found) return std::nullopt;
  return info_of(**found);
}

Result<std::vector<ContainerInfo>> BlobService::containers_of(std::string_view account) {
  constexpr int kPage = 1000;
  std::vector<ContainerInfo> all;
  std::string start;
  for (;;) {
    auto page = store_.list_containers(account, start, kPage);
    if (!page) return fail(std::move(page).error());
    for (const ContainerRecord& record : *page) all.push_back(info_of(record));
    if (page->size() < static_cast<std::size_t>(kPage)) return all;
    start = page->back().name + '\0';  // the first name behind it
  }
}

Result<bool> BlobService::make_container(std::string_view account, std::string_view name) {
  const ContainerRecord record{0, std::string(name), {blob::new_etag(), clock_.now()}, {}};
  auto created = store_.create_container(account, record);
  if (created) return true;
  if (created.error().code == ferry::Code::conflict) return false;
  return fail(std::move(created).error());
}

Result<bool> BlobService::drop_container(std::string_view account, std::string_view name) {
  auto found = store_.find_container(account, name);
  if (!found) return fail(std::move(found).error());
  if (!*found) return false;
  auto files = store_.delete_container((*found)->id);
  if (!files) return fail(std::move(files).error());
  files_.remove(*files);
  return true;
}

}  // namespace drydock
