// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/storage_accounts.hpp"

#include <optional>

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kType = "Microsoft.Storage/storageAccounts";
constexpr const char* kVersion = "2023-05-01";

json::object write_account(const StorageAccountSpec& spec) {
  return {{"location", spec.location},
          {"tags", write_tags(spec.tags)},
          {"sku", {{"name", spec.sku}}},
          {"kind", "StorageV2"},
          {"properties",
           {{"minimumTlsVersion", "TLS1_2"},
            {"supportsHttpsTrafficOnly", true},
            {"allowBlobPublicAccess", false},
            {"allowSharedKeyAccess", true},
            {"allowCrossTenantReplication", false},
            {"accessTier", "Hot"}}}};
}

StorageAccount read_account(const json::object& object, std::string id, std::string name) {
  const auto& properties = properties_of(object);
  StorageAccount account;
  account.id = std::move(id);
  account.name = std::move(name);
  account.location = string_or(object, "location", "");
  account.state = provisioning_state(object);
  account.minimum_tls = string_or(properties, "minimumTlsVersion", "");
  account.public_blobs = bool_or(properties, "allowBlobPublicAccess", false);
  if (const auto* sku = find_object(object, "sku")) account.sku = string_or(*sku, "name", "");
  if (const auto* endpoints = find_object(properties, "primaryEndpoints")) {
    account.blob_endpoint = string_or(*endpoints, "blob", "");
  }
  return account;
}

// The value of the key with this name; of the first one when the name is empty.
std::optional<Secret> find_key(const json::object& answer, std::string_view name) {
  const auto* keys = find_array(answer, "keys");
  if (!keys) return std::nullopt;
  for (const auto& key : *keys) {
    const auto* object = key.if_object();
    if (!object) continue;
    if (!name.empty() && !equals_ignore_case(string_or(*object, "keyName", ""), name)) continue;
    std::string value = string_or(*object, "value", "");
    if (!value.empty()) return Secret(std::move(value));
  }
  return std::nullopt;
}

}  // namespace

net::Task<Result<StorageAccount>> ensure_storage_account(ArmClient& arm, StorageAccountSpec spec,
                                                         Progress progress) {
  const std::string id = arm.resource_id(spec.group, kType, spec.name);
  json::object body = write_account(spec);
  auto made = co_await ensure_resource(arm, id, kVersion, std::move(body), std::move(progress));
  if (!made) co_return fail(std::move(made).error().with("create storage account {}", spec.name));
  auto account = read_account(*made, id, spec.name);
  if (account.blob_endpoint.empty()) {
    co_return fail(Code::unavailable, "storage account {} is made but has no blob endpoint",
                   spec.name);
  }
  co_return account;
}

net::Task<Result<StorageAccount>> get_storage_account(ArmClient& arm, std::string group,
                                                      std::string name) {
  const std::string id = arm.resource_id(group, kType, name);
  auto found = co_await arm.get(id, kVersion);
  if (!found) co_return fail(std::move(found).error().with("read storage account {}", name));
  co_return read_account(*found, id, name);
}

net::Task<Result<Secret>> get_storage_account_key(ArmClient& arm, std::string group,
                                                  std::string name) {
  const std::string id = arm.resource_id(group, kType, name) + "/listKeys";
  auto answer = co_await arm.post(id, kVersion, {});
  if (!answer) {
    co_return fail(std::move(answer).error().with("read the keys of storage account {}", name));
  }
  auto key = find_key(*answer, "");
  if (!key) co_return fail(Code::unavailable, "storage account {} gave no key", name);
  co_return *std::move(key);
}

net::Task<Result<Secret>> regenerate_storage_account_key(ArmClient& arm, std::string group,
                                                         std::string name, std::string key_name) {
  const std::string id = arm.resource_id(group, kType, name) + "/regenerateKey";
  json::object body{{"keyName", key_name}};
  auto answer = co_await arm.post(id, kVersion, std::move(body));
  if (!answer) {
    co_return fail(
        std::move(answer).error().with("make a new {} for storage account {}", key_name, name));
  }
  auto key = find_key(*answer, key_name);
  if (!key) co_return fail(Code::unavailable, "storage account {} gave no {}", name, key_name);
  co_return *std::move(key);
}

net::Task<Result<void>> remove_storage_account(ArmClient& arm, std::string group, std::string name,
                                               Progress progress) {
  auto removed =
      co_await arm.remove(arm.resource_id(group, kType, name), kVersion, std::move(progress));
  if (!removed) co_return fail(std::move(removed).error().with("delete storage account {}", name));
  co_return removed;
}

net::Task<Result<NameAvailability>> check_storage_account_name(ArmClient& arm, std::string name) {
  json::object body{{"name", name}, {"type", kType}};
  co_return co_await arm.check_name("Microsoft.Storage/checkNameAvailability", kVersion,
                                    std::move(body));
}

}  // namespace ferry::azure::arm
