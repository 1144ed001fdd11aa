// SPDX-License-Identifier: Apache-2.0
// Microsoft.Storage/storageAccounts, api-version 2023-05-01.
#pragma once

#include <string>

#include "azure/arm/client.hpp"
#include "azure/arm/resource_groups.hpp"
#include "base/secret.hpp"

namespace ferry::azure::arm {

struct StorageAccount {
  std::string id;
  std::string name;
  std::string location;
  std::string state;
  std::string blob_endpoint;  // with trailing slash
  std::string sku;            // "Standard_LRS"
  std::string minimum_tls;    // "TLS1_2"
  bool public_blobs = false;  // whether containers may be opened to everybody
};

struct StorageAccountSpec {
  std::string group;
  std::string name;  // 3-24 lower-case letters and digits, globally unique
  std::string location;
  std::string sku = "Standard_LRS";
  Tags tags;
};

// Made with TLS 1.2 at least, https only, no public blobs. One that is there is returned as it is.
net::Task<Result<StorageAccount>> ensure_storage_account(ArmClient& arm, StorageAccountSpec spec,
                                                         Progress progress = {});
net::Task<Result<StorageAccount>> get_storage_account(ArmClient& arm, std::string group,
                                                      std::string name);
// key1, base64.
net::Task<Result<Secret>> get_storage_account_key(ArmClient& arm, std::string group,
                                                  std::string name);
// Makes a new "key1" or "key2" and returns it; the old one is void at once.
net::Task<Result<Secret>> regenerate_storage_account_key(ArmClient& arm, std::string group,
                                                         std::string name,
                                                         std::string key_name = "key1");
net::Task<Result<void>> remove_storage_account(ArmClient& arm, std::string group, std::string name,
                                               Progress progress = {});
net::Task<Result<NameAvailability>> check_storage_account_name(ArmClient& arm, std::string name);

}  // namespace ferry::azure::arm
