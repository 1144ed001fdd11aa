// SPDX-License-Identifier: Apache-2.0
#include "drydock/event_hubs/store.hpp"

#include <set>

#include "base/encoding.hpp"
#include "base/log.hpp"

namespace drydock::event_hubs {
namespace {

using ferry::fail;
using ferry::Result;
using ferry::to_lower;
namespace json = ferry::json;

// `partitions` remembers where each log ends, so that numbers are not used again after all events
// of a partition have expired.
constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE events(
  space TEXT NOT NULL,
  hub TEXT NOT NULL,
  partition INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  enqueued INTEGER NOT NULL,
  partition_key TEXT NOT NULL,
  properties TEXT NOT NULL,
  system TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY(space, hub, partition, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE partitions(
  space TEXT NOT NULL,
  hub TEXT NOT NULL,
  partition INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  last_offset INTEGER NOT NULL,
  last_enqueued INTEGER NOT NULL,
  PRIMARY KEY(space, hub, partition)) STRICT, WITHOUT ROWID;
)sql",
                                            R"sql(
ALTER TABLE events ADD COLUMN encoded BLOB NOT NULL DEFAULT x'';
)sql"};

constexpr std::int64_t kTrimEvery = 500;  // events of a partition
constexpr std::int64_t kOverhead = 64;    // bytes that an event takes beside its content

std::int64_t milliseconds(ferry::Timestamp time) {
  return std::int64_t{time.time_since_epoch().count()};
}

json::object stored_object(const std::string& text) {
  auto object = ferry::parse_json_object(text);
  return object ? *std::move(object) : json::object();
}

}  // namespace

Result<std::shared_ptr<EventStore>> EventStore::open(const std::filesystem::path& file,
                                                     ferry::net::Executor executor) {
  auto database = ferry::sqlite::Database::open(file, kMigrations);
  if (!database) return fail(std::move(database).error().with("open {}", file.string()));
  return std::make_shared<EventStore>(*std::move(database), executor);
}

void EventStore::append(HubName name, int partition, Event event, std::chrono::hours retention,
                        std::function<void(bool)> done) {
  waiting_.push_back({to_lower(name.space), to_lower(name.hub), partition, std::move(event),
                      retention, std::move(done)});
  if (waiting_.size() == 1) ferry::net::spawn(executor_, flush(shared_from_this()));
}

ferry::net::Task<void> EventStore::flush(std::shared_ptr<EventStore> self) {
  // What arrives in this turn of the loop joins the same transaction.
  co_await ferry::net::sleep_for(std::chrono::milliseconds(0));
  const auto batch = std::exchange(self->waiting_, {});
  const auto written = self->write(batch);
  if (!written) {
    self->ends_.clear();  // rolled back: look again
    ferry::log::error("event_hubs", "store events: {}", written.error().describe());
  }
  for (const Waiting& waiting : batch) waiting.done(written.has_value());
  if (written) self->notify(batch);
}

EventStore::Watch EventStore::watch(const HubName& name, int partition,
                                    std::function<void()> listener) {
  std::erase_if(watchers_, [](const auto& entry) { return entry.second.expired(); });
  auto kept = std::make_shared<std::function<void()>>(std::move(listener));
  watchers_.emplace(Key(to_lower(name.space), to_lower(name.hub), partition), kept);
  return kept;
}

void EventStore::notify(const std::vector<Waiting>& batch) {
  if (watchers_.empty()) return;
  std::set<Key> changed;
  for (const Waiting& waiting : batch) {
    changed.emplace(waiting.space, waiting.hub, waiting.partition);
  }
  std::vector<std::shared_ptr<std::function<void()>>> listeners;
  for (const Key& key : changed) {
    const auto [begin, end] = watchers_.equal_range(key);
    for (auto entry = begin; entry != end; ++entry) {
      if (auto listener = entry->second.lock()) listeners.push_back(std::move(listener));
    }
  }
  for (const auto& listener : listeners) (*listener)();
}

Result<EventStore::End*> EventStore::end_of(const Key& key) {
  const auto known = ends_.find(key);
  if (known != ends_.end()) return &known->second;
  const auto& [space, hub, partition] = key;
  auto row = database_.query_one(
      "SELECT last_sequence, next_offset, last_offset FROM partitions WHERE space = ? AND hub = ? "
      "AND "
      "partition = ?",
      {space, hub, partition});
  if (!row) return fail(std::move(row).error());
  End end;
  if (*row) end = {(*row)->number(0), (*row)->number(1), (*row)->number(2), 0};
  return &ends_.emplace(key, end).first->second;
}

Result<void> EventStore::write(const std::vector<Waiting>& batch) {
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  std::map<Key, const Waiting*> last;
  for (const Waiting& waiting : batch) {
    auto written = write_one(waiting);
    if (!written) return written;
    last[{waiting.space, waiting.hub, waiting.partition}] = &waiting;
  }
  for (const auto& [key, waiting] : last) {
    auto written = write_end(key, milliseconds(waiting->event.enqueued));
    if (!written) return written;
  }
  return transaction->commit();
}

Result<void> EventStore::write_end(const Key& key, std::int64_t last_enqueued) {
  const auto& [space, hub, partition] = key;
  const End& end = ends_.at(key);
  return database_.execute(
      "INSERT OR REPLACE INTO partitions(space, hub, partition, last_sequence, next_offset, "
      "last_offset, last_enqueued) VALUES(?, ?, ?, ?, ?, ?, ?)",
      {space, hub, partition, end.sequence, end.offset, end.last_offset, last_enqueued});
}

Result<void> EventStore::write_one(const Waiting& waiting) {
  const Key key(waiting.space, waiting.hub, waiting.partition);
  auto end = end_of(key);
  if (!end) return fail(std::move(end).error());
  const Event& event = waiting.event;
  const std::string properties = json::serialize(event.properties);
  const std::string system = json::serialize(event.system);
  const std::int64_t sequence = (*end)->sequence + 1;
  const std::int64_t offset = (*end)->offset;
  const std::int64_t size =
      kOverhead + static_cast<std::int64_t>(event.body.size() + event.encoded.size() +
                                            properties.size() + system.size());
  auto done = database_.execute(
      "INSERT INTO events(space, hub, partition, sequence, offset, enqueued, partition_key, "
      "properties, system, body, encoded) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {waiting.space, waiting.hub, waiting.partition, sequence, offset,
       milliseconds(event.enqueued), event.partition_key, properties, system,
       ferry::sqlite::Value::blob(event.body), ferry::sqlite::Value::blob(event.encoded)});
  if (!done) return done;
  (*end)->sequence = sequence;
  (*end)->last_offset = offset;
  (*end)->offset = offset + size;
  if ((*end)->since_trim++ % kTrimEvery != 0) return {};
  // Events stand in the order of their times, so what has expired is in front: looking for the
  // first that has not costs as much as there is to delete, and not as much as there is.
  return database_.execute(
      "DELETE FROM events WHERE space = ? AND hub = ? AND partition = ? AND sequence < ("
      "SELECT sequence FROM events WHERE space = ? AND hub = ? AND partition = ? AND "
      "enqueued >= ? ORDER BY sequence LIMIT 1)",
      {waiting.space, waiting.hub, waiting.partition, waiting.space, waiting.hub, waiting.partition,
       milliseconds(event.enqueued - waiting.retention)});
}

Result<std::vector<StoredEvent>> EventStore::read(const HubName& name, int partition,
                                                  std::int64_t after, std::int64_t limit) {
  auto rows = database_.query(
      "SELECT sequence, offset, enqueued, partition_key, properties, system, body, encoded FROM "
      "events "
      "WHERE space = ? AND hub = ? AND partition = ? AND sequence > ? ORDER BY sequence LIMIT ?",
      {to_lower(name.space), to_lower(name.hub), partition, after, limit});
  if (!rows) return fail(std::move(rows).error());
  std::vector<StoredEvent> events;
  events.reserve(rows->size());
  for (const auto& row : *rows) {
    events.push_back(
        {row.number(0),
         row.number(1),
         {row.text(3), row.text(7), stored_object(row.text(4)), stored_object(row.text(5)),
          row.text(6), ferry::Timestamp(std::chrono::milliseconds(row.number(2)))}});
  }
  return events;
}

Result<std::int64_t> EventStore::position_after_offset(const HubName& name, int partition,
                                                       std::int64_t offset) {
  auto row = database_.query_one(
      "SELECT max(sequence) FROM events WHERE space = ? AND hub = ? AND partition = ? AND "
      "offset <= ?",
      {to_lower(name.space), to_lower(name.hub), partition, offset});
  if (!row) return fail(std::move(row).error());
  if (!*row || (*row)->is_null(0)) return std::int64_t{-1};
  return (*row)->number(0);
}

Result<std::int64_t> EventStore::position_before_time(const HubName& name, int partition,
                                                      ferry::Timestamp time) {
  auto row = database_.query_one(
      "SELECT max(sequence) FROM events WHERE space = ? AND hub = ? AND partition = ? AND "
      "enqueued < ?",
      {to_lower(name.space), to_lower(name.hub), partition, milliseconds(time)});
  if (!row) return fail(std::move(row).error());
  if (!*row || (*row)->is_null(0)) return std::int64_t{-1};
  return (*row)->number(0);
}

Result<PartitionState> EventStore::state(const HubName& name, int partition) {
  const std::string space = to_lower(name.space);
  const std::string hub = to_lower(name.hub);
  PartitionState state;
  auto end = database_.query_one(
      "SELECT last_sequence, last_offset, last_enqueued FROM partitions WHERE space = ? AND "
      "hub = ? AND partition = ?",
      {space, hub, partition});
  if (!end) return fail(std::move(end).error());
  if (!*end) return state;
  state.last_sequence = (*end)->number(0);
  state.last_offset = (*end)->number(1);
  state.last_enqueued = ferry::Timestamp(std::chrono::milliseconds((*end)->number(2)));
  auto first = database_.query_one(
      "SELECT min(sequence) FROM events WHERE space = ? AND hub = ? AND partition = ?",
      {space, hub, partition});
  if (!first) return fail(std::move(first).error());
  const bool empty = !*first || (*first)->is_null(0);
  state.first_sequence = empty ? state.last_sequence + 1 : (*first)->number(0);
  return state;
}

Result<void> EventStore::erase(const HubName& name) {
  const std::string space = to_lower(name.space);
  const std::string hub = to_lower(name.hub);
  std::erase_if(ends_, [&](const auto& end) {
    return std::get<0>(end.first) == space && std::get<1>(end.first) == hub;
  });
  auto done = database_.execute("DELETE FROM events WHERE space = ? AND hub = ?", {space, hub});
  if (!done) return done;
  return database_.execute("DELETE FROM partitions WHERE space = ? AND hub = ?", {space, hub});
}

Result<void> EventStore::erase_space(std::string_view name) {
  const std::string space = to_lower(name);
  std::erase_if(ends_, [&](const auto& end) { return std::get<0>(end.first) == space; });
  auto done = database_.execute("DELETE FROM events WHERE space = ?", {space});
  if (!done) return done;
  return database_.execute("DELETE FROM partitions WHERE space = ?", {space});
}

}  // namespace drydock::event_hubs
