// SPDX-License-Identifier: Apache-2.0
// Resource Manager's state in SQLite: resource groups, resources and running operations.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/sqlite.hpp"

namespace drydock::arm {

struct ResourceGroup {
  std::string name;  // as its creator spelled it
  std::string location;
  ferry::json::object tags;
  std::string managed_by;
  bool deleting = false;
};

// Identifiers compare without case; `id` keeps the spelling that answers show.
struct Resource {
  std::string id;
  std::string type;              // "Microsoft.Devices/IotHubs"
  std::string group;             // name of the resource group
  std::string name;              // the last segment
  std::string parent;            // id of the resource it belongs to; empty for one of its own
  ferry::json::object document;  // what GET answers
  ferry::json::object hidden;    // keys and connection strings, which GET does not show
};

enum class OperationKind { write, remove, remove_group };
enum class OperationStatus { running, succeeded, failed };

// Why an operation fails, as its poll tells.
struct OperationFailure {
  std::string code;
  std::string message;
};

struct Operation {
  std::string id;  // opaque, safe in a path
  OperationKind kind = OperationKind::write;
  std::string target;  // id of the resource, or the resource group's name
  OperationStatus status = OperationStatus::running;
  ferry::Timestamp due;
  std::optional<OperationFailure> failure = {};  // what will come of it, known from the start
};

class Store {
 public:
  static ferry::Result<Store> open(const std::filesystem::path& path);
  ferry::sqlite::Database& database() { return database_; }
  // Grows with every change of resources; for those who keep copies.
  std::uint64_t version() const { return version_; }

  ferry::Result<std::optional<std::string>> setting(std::string_view name);
  ferry::Result<void> set_setting(std::string_view name, std::string_view value);

  ferry::Result<std::optional<ResourceGroup>> find_group(std::string_view name);
  ferry::Result<std::vector<ResourceGroup>> list_groups();
  ferry::Result<void> save_group(const ResourceGroup& group);
  ferry::Result<void> remove_group(std::string_view name);

  ferry::Result<std::optional<Resource>> find(std::string_view id);
  // A top-level resource by its globally unique name.
  ferry::Result<std::optional<Resource>> find_named(std::string_view type, std::string_view name);
  // Top-level resources in the order of their ids; an empty type or group means any.
  ferry::Result<std::vector<Resource>> list(std::string_view type, std::string_view group);
  // All of a type, wherever they belong.
  ferry::Result<std::vector<Resource>> list_all(std::string_view type);
  ferry::Result<std::vector<Resource>> list_children(std::string_view parent,
                                                     std::string_view type);
  ferry::Result<void> save(const Resource& resource);
  ferry::Result<void> remove(std::string_view id);  // with all that belong to it

  ferry::Result<void> add_operation(const Operation& operation);
  ferry::Result<std::optional<Operation>> find_operation(std::string_view id);
  ferry::Result<std::optional<Operation>> running_operation(std::string_view target);
  ferry::Result<std::vector<Operation>> running_operations();  // earliest first
  ferry::Result<void> finish_operation(const Operation& operation);
  // Forgets those that ended and were due before `time`.
  ferry::Result<void> forget_operations(ferry::Timestamp time);

 private:
  explicit Store(ferry::sqlite::Database database) : database_(std::move(database)) {}
  ferry::sqlite::Database database_;
  std::uint64_t version_ = 1;
};

}  // namespace drydock::arm
