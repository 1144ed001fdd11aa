// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/telemetry.hpp"

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::fail;
using ferry::Result;

constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE messages(
  hub TEXT NOT NULL,
  partition INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  enqueued INTEGER NOT NULL,
  device TEXT NOT NULL,
  module TEXT NOT NULL,
  generation_id TEXT NOT NULL,
  authentication TEXT NOT NULL,
  properties TEXT NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX messages_in_order ON messages(hub, partition, sequence);
)sql"};

constexpr std::int64_t kTrimEvery = 1000;  // messages of a partition

}  // namespace

Result<std::shared_ptr<TelemetryLog>> TelemetryLog::open(const std::filesystem::path& file,
                                                         ferry::net::Executor executor) {
  auto database = ferry::sqlite::Database::open(file, kMigrations);
  if (!database) return fail(std::move(database).error());
  return std::make_shared<TelemetryLog>(*std::move(database), executor);
}

int TelemetryLog::partition_of(const std::string& device) {
  return static_cast<unsigned char>(ferry::sha256(device)[0]) % kPartitions;
}

void TelemetryLog::append(TelemetryMessage message, std::function<void(bool)> done) {
  waiting_.push_back({std::move(message), std::move(done)});
  if (waiting_.size() == 1) ferry::net::spawn(executor_, flush(shared_from_this()));
}

ferry::net::Task<void> TelemetryLog::flush(std::shared_ptr<TelemetryLog> self) {
  // What arrives in this turn of the loop joins the same transaction.
  co_await ferry::net::sleep_for(std::chrono::milliseconds(0));
  const auto batch = std::exchange(self->waiting_, {});
  const auto written = self->write(batch);
  if (!written) {
    self->last_.clear();  // rolled back: look again
    ferry::log::error("iot_hub", "store messages: {}", written.error().describe());
  }
  for (const Waiting& waiting : batch) waiting.done(written.has_value());
}

Result<std::int64_t*> TelemetryLog::last_sequence(const std::string& hub, int partition) {
  const auto known = last_.find({hub, partition});
  if (known != last_.end()) return &known->second;
  auto row = database_.query_one(
      "SELECT max(sequence) FROM messages WHERE hub = ? AND partition = ?", {hub, partition});
  if (!row) return fail(std::move(row).error());
  return &last_.emplace(std::pair(hub, partition), (*row)->number(0)).first->second;
}

Result<void> TelemetryLog::write(const std::vector<Waiting>& batch) {
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  for (const Waiting& waiting : batch) {
    const TelemetryMessage& message = waiting.message;
    const int partition = partition_of(message.device);
    auto last = last_sequence(message.hub, partition);
    if (!last) return fail(std::move(last).error());
    const std::int64_t sequence = ++**last;
    auto done = database_.execute(
        "INSERT INTO messages(hub, partition, sequence, enqueued, device, module, generation_id, "
        "authentication, properties, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {message.hub, partition, sequence,
         std::int64_t{message.enqueued.time_since_epoch().count()}, message.device, message.module,
         message.generation_id, message.authentication, message.properties,
         ferry::sqlite::Value::blob(message.body)});
    if (done && sequence % kTrimEvery == 0) {
      done = database_.execute(
          "DELETE FROM messages WHERE hub = ? AND partition = ? AND sequence <= ?",
          {message.hub, partition, sequence - kKeptPerPartition});
    }
    if (!done) return done;
  }
  return transaction->commit();
}

Result<std::vector<StoredMessage>> TelemetryLog::read(const std::string& hub, int partition,
                                                      std::int64_t after, std::int64_t limit) {
  auto rows = database_.query(
      "SELECT sequence, enqueued, device, module, generation_id, authentication, properties, body "
      "FROM messages WHERE hub = ? AND partition = ? AND sequence > ? ORDER BY sequence LIMIT ?",
      {hub, partition, after, limit});
  if (!rows) return fail(std::move(rows).error());
  std::vector<StoredMessage> messages;
  for (const auto& row : *rows) {
    messages.push_back({row.number(0),
                        {hub, row.text(2), row.text(3), row.text(4), row.text(5), row.text(6),
                         row.text(7), ferry::Timestamp(std::chrono::milliseconds(row.number(1)))}});
  }
  return messages;
}

Result<void> TelemetryLog::erase(const std::string& hub) {
  std::erase_if(last_, [&](const auto& entry) { return entry.first.first == hub; });
  return database_.execute("DELETE FROM messages WHERE hub = ?", {hub});
}

}  // namespace drydock::iot_hub
