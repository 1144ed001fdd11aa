// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/store.hpp"

#include "drydock/iot_hub/configurations.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::fail;
using ferry::Result;

constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE entities(
  hub TEXT NOT NULL,
  device TEXT NOT NULL,
  module TEXT NOT NULL,
  identity TEXT NOT NULL,
  twin TEXT NOT NULL,
  last_activity INTEGER,
  PRIMARY KEY(hub, device, module)) STRICT, WITHOUT ROWID;
CREATE TABLE configurations(
  hub TEXT NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY(hub, id)) STRICT, WITHOUT ROWID;
)sql"};

Result<Entity> read_entity(const ferry::sqlite::Row& row) {
  const auto identity = ferry::parse_json_object(row.text(2));
  if (!identity) return fail(identity.error());
  const auto twin = ferry::parse_json_object(row.text(3));
  if (!twin) return fail(twin.error());
  Entity entity;
  entity.identity = identity_from_storage(*identity);
  entity.identity.key = {row.text(0), row.text(1)};
  entity.twin = twin_from_storage(*twin);
  if (!row.is_null(4)) {
    entity.last_activity = ferry::Timestamp(std::chrono::milliseconds(row.number(4)));
  }
  return entity;
}

}  // namespace

Result<Store> Store::open(const std::filesystem::path& file) {
  auto database = ferry::sqlite::Database::open(file, kMigrations);
  if (!database) return fail(std::move(database).error());
  return Store(*std::move(database));
}

Result<Store::Content> Store::load(const std::string& hub) {
  Content content;
  auto rows = database_.query(
      "SELECT device, module, identity, twin, last_activity FROM entities WHERE hub = ? "
      "ORDER BY device, module",
      {hub});
  if (!rows) return fail(std::move(rows).error());
  for (const auto& row : *rows) {
    auto entity = read_entity(row);
    if (!entity) return fail(std::move(entity).error().with("read device {}", row.text(0)));
    content.entities.push_back(*std::move(entity));
  }
  rows = database_.query("SELECT id, document FROM configurations WHERE hub = ?", {hub});
  if (!rows) return fail(std::move(rows).error());
  for (const auto& row : *rows) {
    auto document = ferry::parse_json_object(row.text(1));
    if (!document) return fail(std::move(document).error().with("read {}", row.text(0)));
    auto configuration = configuration_from_storage(*document);
    if (!configuration) {
      return fail(ferry::Code::internal, "configuration {} is damaged: {}", row.text(0),
                  configuration.error().message);
    }
    content.configurations.push_back(*std::move(configuration));
  }
  return content;
}

Result<void> Store::save(Hub& hub, const std::set<EntityKey>& entities,
                         const std::set<std::string>& configurations) {
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  for (const EntityKey& key : entities) {
    Result<void> done;
    if (const Entity* entity = hub.find(key)) {
      const auto activity = entity->last_activity;
      done = database_.execute(
          "INSERT INTO entities(hub, device, module, identity, twin, last_activity) "
          "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET identity = excluded.identity, "
          "twin = excluded.twin, last_activity = excluded.last_activity",
          {hub.name(), key.device, key.module, json::serialize(to_storage(entity->identity)),
           json::serialize(to_storage(entity->twin)),
           activity ? ferry::sqlite::Value(std::int64_t{activity->time_since_epoch().count()})
                    : ferry::sqlite::Value(nullptr)});
    } else {
      done = database_.execute("DELETE FROM entities WHERE hub = ? AND device = ? AND module = ?",
                               {hub.name(), key.device, key.module});
    }
    if (!done) return done;
  }
  for (const std::string& id : configurations) {
    Result<void> done;
    const auto found = hub.configurations().find(id);
    if (found != hub.configurations().end()) {
      done = database_.execute(
          "INSERT INTO configurations(hub, id, document) VALUES(?, ?, ?) "
          "ON CONFLICT DO UPDATE SET document = excluded.document",
          {hub.name(), id, json::serialize(to_storage(found->second))});
    } else {
      done = database_.execute("DELETE FROM configurations WHERE hub = ? AND id = ?",
                               {hub.name(), id});
    }
    if (!done) return done;
  }
  return transaction->commit();
}

Result<void> Store::erase(const std::string& hub) {
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto done = database_.execute("DELETE FROM entities WHERE hub = ?", {hub});
  if (done) done = database_.execute("DELETE FROM configurations WHERE hub = ?", {hub});
  if (!done) return done;
  return transaction->commit();
}

}  // namespace drydock::iot_hub
