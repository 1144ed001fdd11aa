// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/store.hpp"

#include <array>

#include "base/encoding.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

constexpr std::array<std::string_view, 3> kMigrations = {R"(
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE resource_groups(
  key TEXT PRIMARY KEY, name TEXT NOT NULL, location TEXT NOT NULL, tags TEXT NOT NULL,
  managed_by TEXT NOT NULL, deleting INTEGER NOT NULL) STRICT;
CREATE TABLE resources(
  key TEXT PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, type_key TEXT NOT NULL,
  group_name TEXT NOT NULL, group_key TEXT NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL,
  parent TEXT NOT NULL, parent_key TEXT NOT NULL, document TEXT NOT NULL,
  hidden TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX resources_by_name ON resources(type_key, name_key) WHERE parent_key = '';
CREATE INDEX resources_by_parent ON resources(parent_key, type_key);
CREATE INDEX resources_by_group ON resources(group_key);
CREATE TABLE operations(
  id TEXT PRIMARY KEY, kind INTEGER NOT NULL, target TEXT NOT NULL, target_key TEXT NOT NULL,
  status INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE INDEX operations_by_status ON operations(status, due);
)",
                                                         R"(
ALTER TABLE operations ADD COLUMN failure_code TEXT;
ALTER TABLE operations ADD COLUMN failure_message TEXT;
)",
                                                         R"(
CREATE INDEX resources_by_type ON resources(type_key);
)"};

json::object stored_object(const std::string& text) {
  auto object = parse_json_object(text);
  return object ? *std::move(object) : json::object();
}

ResourceGroup to_group(const sqlite::Row& row) {
  return {row.text(0), row.text(1), stored_object(row.text(2)), row.text(3), row.number(4) != 0};
}

Resource to_resource(const sqlite::Row& row) {
  return {row.text(0),
          row.text(1),
          row.text(2),
          row.text(3),
          row.text(4),
          stored_object(row.text(5)),
          stored_object(row.text(6))};
}

Operation to_operation(const sqlite::Row& row) {
  Operation operation{row.text(0), static_cast<OperationKind>(row.number(1)), row.text(2),
                      static_cast<OperationStatus>(row.number(3)),
                      Timestamp(std::chrono::milliseconds(row.number(4)))};
  if (!row.is_null(5)) operation.failure = OperationFailure{row.text(5), row.text(6)};
  return operation;
}

template <class Convert>
auto convert_all(Result<std::vector<sqlite::Row>> rows, Convert convert)
    -> Result<std::vector<decltype(convert(std::declval<sqlite::Row>()))>> {
  if (!rows) return fail(std::move(rows).error());
  std::vector<decltype(convert(std::declval<sqlite::Row>()))> values;
  values.reserve(rows->size());
  for (const sqlite::Row& row : *rows) values.push_back(convert(row));
  return values;
}

template <class Convert>
auto convert_one(Result<std::optional<sqlite::Row>> row, Convert convert)
    -> Result<std::optional<decltype(convert(std::declval<sqlite::Row>()))>> {
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return convert(**row);
}

}  // namespace

Result<Store> Store::open(const std::filesystem::path& path) {
  auto database = sqlite::Database::open(path, kMigrations);
  if (!database) return fail(std::move(database).error().with("open {}", path.string()));
  return Store(*std::move(database));
}

Result<std::optional<std::string>> Store::setting(std::string_view name) {
  return convert_one(database_.query_one("SELECT value FROM settings WHERE name = ?", {name}),
                     [](const sqlite::Row& row) { return row.text(0); });
}

Result<void> Store::set_setting(std::string_view name, std::string_view value) {
  return database_.execute("INSERT OR REPLACE INTO settings(name, value) VALUES(?, ?)",
                           {name, value});
}

Result<std::optional<ResourceGroup>> Store::find_group(std::string_view name) {
  return convert_one(
      database_.query_one("SELECT name, location, tags, managed_by, deleting FROM resource_groups "
                          "WHERE key = ?",
                          {to_lower(name)}),
      to_group);
}

Result<std::vector<ResourceGroup>> Store::list_groups() {
  return convert_all(
      database_.query("SELECT name, location, tags, managed_by, deleting FROM resource_groups "
                      "ORDER BY key"),
      to_group);
}

Result<void> Store::save_group(const ResourceGroup& group) {
  return database_.execute(
      "INSERT OR REPLACE INTO resource_groups(key, name, location, tags, managed_by, deleting) "
      "VALUES(?, ?, ?, ?, ?, ?)",
      {to_lower(group.name), group.name, group.location, json::serialize(group.tags),
       group.managed_by, group.deleting});
}

Result<void> Store::remove_group(std::string_view name) {
  return database_.execute("DELETE FROM resource_groups WHERE key = ?", {to_lower(name)});
}

Result<std::optional<Resource>> Store::find(std::string_view id) {
  return convert_one(
      database_.query_one("SELECT id, type, group_name, name, parent, document, hidden "
                          "FROM resources WHERE key = ?",
                          {to_lower(id)}),
      to_resource);
}

Result<std::optional<Resource>> Store::find_named(std::string_view type, std::string_view name) {
  return convert_one(
      database_.query_one("SELECT id, type, group_name, name, parent, document, hidden "
                          "FROM resources WHERE parent_key = '' AND type_key = ? AND name_key = ?",
                          {to_lower(type), to_lower(name)}),
      to_resource);
}

Result<std::vector<Resource>> Store::list(std::string_view type, std::string_view group) {
  const std::string type_key = to_lower(type);
  const std::string group_key = to_lower(group);
  return convert_all(
      database_.query("SELECT id, type, group_name, name, parent, document, hidden "
                      "FROM resources WHERE parent_key = '' AND (?1 = '' OR type_key = ?1) "
                      "AND (?2 = '' OR group_key = ?2) ORDER BY key",
                      {type_key, group_key}),
      to_resource);
}

Result<std::vector<Resource>> Store::list_children(std::string_view parent, std::string_view type) {
  return convert_all(
      database_.query("SELECT id, type, group_name, name, parent, document, hidden "
                      "FROM resources WHERE parent_key = ? AND type_key = ? ORDER BY key",
                      {to_lower(parent), to_lower(type)}),
      to_resource);
}

Result<std::vector<Resource>> Store::list_all(std::string_view type) {
  return convert_all(database_.query("SELECT id, type, group_name, name, parent, document, hidden "
                                     "FROM resources WHERE type_key = ? ORDER BY key",
                                     {to_lower(type)}),
                     to_resource);
}

Result<void> Store::save(const Resource& resource) {
  ++version_;
  return database_.execute(
      "INSERT OR REPLACE INTO resources(key, id, type, type_key, group_name, group_key, name, "
      "name_key, parent, parent_key, document, hidden) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {to_lower(resource.id), resource.id, resource.type, to_lower(resource.type), resource.group,
       to_lower(resource.group), resource.name, to_lower(resource.name), resource.parent,
       to_lower(resource.parent), json::serialize(resource.document),
       json::serialize(resource.hidden)});
}

Result<void> Store::remove(std::string_view id) {
  ++version_;
  const std::string key = to_lower(id);
  // '0' follows '/' in ASCII: the range holds exactly the ids below this one.
  return database_.execute("DELETE FROM resources WHERE key = ?1 OR (key > ?2 AND key < ?3)",
                           {key, key + "/", key + "0"});
}

Result<void> Store::add_operation(const Operation& operation) {
  std::optional<std::string> code;
  std::optional<std::string> message;
  if (operation.failure) {
    code = operation.failure->code;
    message = operation.failure->message;
  }
  return database_.execute(
      "INSERT INTO operations(id, kind, target, target_key, status, due, failure_code, "
      "failure_message) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      {operation.id, static_cast<int>(operation.kind), operation.target, to_lower(operation.target),
       static_cast<int>(operation.status), std::int64_t{operation.due.time_since_epoch().count()},
       code, message});
}

Result<std::optional<Operation>> Store::find_operation(std::string_view id) {
  return convert_one(
      database_.query_one("SELECT id, kind, target, status, due, failure_code, failure_message "
                          "FROM operations WHERE id = ?",
                          {id}),
      to_operation);
}

Result<std::optional<Operation>> Store::running_operation(std::string_view target) {
  return convert_one(
      database_.query_one("SELECT id, kind, target, status, due, failure_code, failure_message "
                          "FROM operations WHERE status = 0 AND target_key = ?",
                          {to_lower(target)}),
      to_operation);
}

Result<std::vector<Operation>> Store::running_operations() {
  return convert_all(
      database_.query("SELECT id, kind, target, status, due, failure_code, failure_message "
                      "FROM operations WHERE status = 0 ORDER BY due"),
      to_operation);
}

Result<void> Store::finish_operation(const Operation& operation) {
  const auto status = operation.failure ? OperationStatus::failed : OperationStatus::succeeded;
  return database_.execute("UPDATE operations SET status = ? WHERE id = ?",
                           {static_cast<int>(status), operation.id});
}

Result<void> Store::forget_operations(Timestamp time) {
  return database_.execute("DELETE FROM operations WHERE status <> 0 AND due < ?",
                           {std::int64_t{time.time_since_epoch().count()}});
}

}  // namespace drydock::arm
