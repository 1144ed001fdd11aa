// SPDX-License-Identifier: Apache-2.0
// Where hubs are kept: iot_hub.db. One row per identity with its twin, one per configuration.
#pragma once

#include <filesystem>
#include <set>

#include "base/sqlite.hpp"
#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {

class Store {
 public:
  static ferry::Result<Store> open(const std::filesystem::path& file);

  struct Content {
    std::vector<Entity> entities;  // a device before its modules
    std::vector<Configuration> configurations;
  };
  ferry::Result<Content> load(const std::string& hub);
  // Writes, in one transaction, the present state of these keys; what `hub` has no more is deleted.
  ferry::Result<void> save(Hub& hub, const std::set<EntityKey>& entities,
                           const std::set<std::string>& configurations);
  ferry::Result<void> erase(const std::string& hub);

 private:
  explicit Store(ferry::sqlite::Database database) : database_(std::move(database)) {}
  ferry::sqlite::Database database_;
};

}  // namespace drydock::iot_hub
