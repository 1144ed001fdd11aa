// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/cloud_to_device.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/log.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::fail;
using ferry::Result;
using ferry::Timestamp;
namespace json = ferry::json;

constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE messages(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  hub TEXT NOT NULL,
  device TEXT NOT NULL,
  generation_id TEXT NOT NULL,
  enqueued INTEGER NOT NULL,
  expiry INTEGER NOT NULL,
  ack TEXT NOT NULL,
  delivery_count INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  system TEXT NOT NULL,
  properties TEXT NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE INDEX messages_of_device ON messages(hub, device, sequence);
CREATE INDEX messages_by_expiry ON messages(expiry);
CREATE TABLE feedback(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  hub TEXT NOT NULL,
  message_id TEXT NOT NULL,
  time INTEGER NOT NULL,
  status TEXT NOT NULL,
  device TEXT NOT NULL,
  generation_id TEXT NOT NULL,
  delivery_count INTEGER NOT NULL) STRICT;
CREATE INDEX feedback_of_hub ON feedback(hub, sequence);
)sql"};

constexpr std::array<std::pair<Ack, std::string_view>, 4> kAcks = {{{Ack::none, "none"},
                                                                    {Ack::positive, "positive"},
                                                                    {Ack::negative, "negative"},
                                                                    {Ack::full, "full"}}};
constexpr std::string_view kSuccess = "Success";

std::int64_t milliseconds(Timestamp time) {
  return std::int64_t{time.time_since_epoch().count()};
}
Timestamp from_milliseconds(std::int64_t count) {
  return Timestamp(std::chrono::milliseconds(count));
}

tl::unexpected<Refusal> storage_failed(const ferry::Error& error) {
  ferry::log::error("iot_hub", "cloud-to-device messages: {}", error.describe());
  return refuse(500001, "the messages to devices cannot be read or written");
}

json::object system_of(const CloudToDeviceMessage& message) {
  return {{"correlationId", message.correlation_id},
          {"userId", message.user_id},
          {"to", message.to},
          {"contentType", message.content_type},
          {"contentEncoding", message.content_encoding}};
}

CloudToDeviceMessage message_from(const ferry::sqlite::Row& row) {
  const json::object system = ferry::parse_json_object(row.text(4)).value_or(json::object());
  CloudToDeviceMessage message;
  message.message_id = row.text(3);
  message.correlation_id = ferry::string_or(system, "correlationId", "");
  message.user_id = ferry::string_or(system, "userId", "");
  message.to = ferry::string_or(system, "to", "");
  message.content_type = ferry::string_or(system, "contentType", "");
  message.content_encoding = ferry::string_or(system, "contentEncoding", "");
  message.ack = parse_ack(row.text(7)).value_or(Ack::none);
  message.expiry = from_milliseconds(row.number(8));
  message.properties = ferry::parse_json_object(row.text(5)).value_or(json::object());
  message.body = row.text(6);
  return message;
}

bool wants_feedback(Ack ack, std::string_view status) {
  if (ack == Ack::none) return false;
  return ack == Ack::full || (ack == Ack::positive) == (status == kSuccess);
}

}  // namespace

std::string_view to_string(Ack ack) {
  return std::ranges::find(kAcks, ack, &std::pair<Ack, std::string_view>::first)->second;
}

std::optional<Ack> parse_ack(std::string_view text) {
  for (const auto& [ack, name] : kAcks) {
    if (ferry::equals_ignore_case(name, text)) return ack;
  }
  return std::nullopt;
}

Result<std::unique_ptr<CloudToDevice>> CloudToDevice::open(const std::filesystem::path& file,
                                                           const ferry::Clock& clock,
                                                           SettingsOf settings_of) {
  auto database = ferry::sqlite::Database::open(file, kMigrations);
  if (!database) return fail(std::move(database).error().with("open {}", file.string()));
  return std::unique_ptr<CloudToDevice>(
      new CloudToDevice(*std::move(database), clock, std::move(settings_of)));
}

Outcome<std::int64_t> CloudToDevice::enqueue(const std::string& hub, const std::string& device,
                                             const std::string& generation_id,
                                             CloudToDeviceMessage message) {
  const Timestamp now = clock_.now();
  if (!message.expiry) message.expiry = now + settings_of_(hub).default_time_to_live;
  if (*message.expiry > now + kLongestTimeToLive) {
    return refuse(400004, "a message to a device lives for at most {} hours",
                  kLongestTimeToLive.count());
  }
  if (message.message_id.empty()) message.message_id = ferry::random_uuid();
  const std::string system = json::serialize(system_of(message));
  const std::string properties = json::serialize(message.properties);
  if (message.body.size() + properties.size() > kSizeLimit) {
    return refuse(413001, "a message to a device has at most {} bytes", kSizeLimit);
  }
  if (auto expired = expire_due(); !expired) return storage_failed(expired.error());
  auto depth = count(hub, device);
  if (!depth) return depth;
  if (static_cast<std::size_t>(*depth) >= kQueueLimit) {
    return refuse(403004, "{} messages wait for the device {} already, which is the limit", *depth,
                  device);
  }
  auto row = database_.query_one(
      "INSERT INTO messages(hub, device, generation_id, enqueued, expiry, ack, delivery_count, "
      "message_id, system, properties, body) VALUES(?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?) "
      "RETURNING sequence",
      {hub, device, generation_id, milliseconds(now), milliseconds(*message.expiry),
       to_string(message.ack), message.message_id, system, properties,
       ferry::sqlite::Value::blob(message.body)});
  if (!row) return storage_failed(row.error());
  const std::int64_t sequence = (*row)->number(0);
  available(hub, device);
  return sequence;
}

void CloudToDevice::available(const std::string& hub, const std::string& device) {
  if (listener_) listener_(hub, device);
}

bool CloudToDevice::is_locked(std::int64_t sequence) const {
  const Timestamp now = clock_.now();
  return std::ranges::any_of(locks_, [&](const auto& entry) {
    return entry.second.sequence == sequence && entry.second.until > now;
  });
}

Outcome<std::optional<LockedMessage>> CloudToDevice::lock_next(const std::string& hub,
                                                               const std::string& device) {
  const Timestamp now = clock_.now();
  auto rows = database_.query(
      "SELECT sequence, enqueued, delivery_count, message_id, system, properties, body, ack, "
      "expiry "
      "FROM messages WHERE hub = ? AND device = ? AND expiry > ? ORDER BY sequence",
      {hub, device, milliseconds(now)});
  if (!rows) return storage_failed(rows.error());
  for (const auto& row : *rows) {
    if (is_locked(row.number(0))) continue;
    LockedMessage locked;
    locked.lock_token = ferry::random_uuid();
    locked.sequence = row.number(0);
    locked.delivery_count = static_cast<int>(row.number(2));
    locked.enqueued = from_milliseconds(row.number(1));
    locked.message = message_from(row);
    locks_[locked.lock_token] = {hub, device, locked.sequence, now + kLockTime};
    return locked;
  }
  return std::nullopt;
}

std::optional<CloudToDevice::Lock> CloudToDevice::take_lock(const std::string& lock_token) {
  const auto found = locks_.find(lock_token);
  if (found == locks_.end()) return std::nullopt;
  Lock lock = std::move(found->second);
  locks_.erase(found);
  if (lock.until <= clock_.now()) {
    available(lock.hub, lock.device);
    return std::nullopt;
  }
  return lock;
}

Result<std::optional<CloudToDevice::Ended>> CloudToDevice::find_ended(const Lock& lock) {
  auto row = database_.query_one(
      "SELECT generation_id, message_id, ack FROM messages WHERE sequence = ?", {lock.sequence});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return Ended{lock.hub,        lock.device,     lock.sequence,
               (*row)->text(0), (*row)->text(1), parse_ack((*row)->text(2)).value_or(Ack::none)};
}

Outcome<void> CloudToDevice::end_locked(const std::string& lock_token, std::string_view status) {
  const auto lock = take_lock(lock_token);
  if (!lock) return refuse(412002, "the lock on the message was lost");
  auto message = find_ended(*lock);
  if (!message) return storage_failed(message.error());
  if (!*message) return refuse(412002, "the message is gone");
  if (auto done = end({**message}, status); !done) return storage_failed(done.error());
  return {};
}

Outcome<void> CloudToDevice::complete(const std::string& lock_token) {
  return end_locked(lock_token, kSuccess);
}

Outcome<void> CloudToDevice::reject(const std::string& lock_token) {
  return end_locked(lock_token, "Rejected");
}

Outcome<void> CloudToDevice::abandon(const std::string& lock_token) {
  const auto lock = take_lock(lock_token);
  if (!lock) return refuse(412002, "the lock on the message was lost");
  auto row = database_.query_one(
      "UPDATE messages SET delivery_count = delivery_count + 1 WHERE sequence = ? RETURNING "
      "delivery_count",
      {lock->sequence});
  if (!row) return storage_failed(row.error());
  if (!*row) return refuse(412002, "the message is gone");
  if ((*row)->number(0) >= settings_of_(lock->hub).max_delivery_count) {
    auto message = find_ended(*lock);
    if (!message) return storage_failed(message.error());
    auto done = end({**message}, "DeliveryCountExceeded");
    if (!done) return storage_failed(done.error());
    return {};
  }
  available(lock->hub, lock->device);
  return {};
}

void CloudToDevice::release(const std::string& lock_token) {
  if (const auto lock = take_lock(lock_token)) available(lock->hub, lock->device);
}

void CloudToDevice::renew(const std::string& lock_token) {
  const auto found = locks_.find(lock_token);
  if (found != locks_.end()) found->second.until = clock_.now() + kLockTime;
}

Outcome<std::int64_t> CloudToDevice::count(const std::string& hub, const std::string& device) {
  auto row = database_.query_one("SELECT count(*) FROM messages WHERE hub = ? AND device = ?",
                                 {hub, device});
  if (!row) return storage_failed(row.error());
  return (*row)->number(0);
}

Outcome<std::int64_t> CloudToDevice::purge(const std::string& hub, const std::string& device) {
  auto rows = database_.query(
      "SELECT sequence, generation_id, message_id, ack FROM messages WHERE hub = ? AND device = ?",
      {hub, device});
  if (!rows) return storage_failed(rows.error());
  std::vector<Ended> purged;
  for (const auto& row : *rows) {
    if (is_locked(row.number(0))) continue;
    purged.push_back({hub, device, row.number(0), row.text(1), row.text(2),
                      parse_ack(row.text(3)).value_or(Ack::none)});
  }
  if (auto done = end(purged, "Purged"); !done) return storage_failed(done.error());
  return static_cast<std::int64_t>(purged.size());
}

Result<void> CloudToDevice::end(const std::vector<Ended>& messages, std::string_view status) {
  if (messages.empty()) return {};
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  for (const Ended& message : messages) {
    auto done = database_.execute("DELETE FROM messages WHERE sequence = ?", {message.sequence});
    if (done && wants_feedback(message.ack, status)) {
      done = database_.execute(
          "INSERT INTO feedback(hub, message_id, time, status, device, generation_id, "
          "delivery_count) VALUES(?, ?, ?, ?, ?, ?, 0)",
          {message.hub, message.message_id, milliseconds(clock_.now()), status, message.device,
           message.generation_id});
    }
    if (!done) return done;
  }
  return transaction->commit();
}

Result<void> CloudToDevice::expire_due() {
  auto rows = database_.query(
      "SELECT sequence, hub, device, generation_id, message_id, ack FROM messages WHERE "
      "expiry <= ?",
      {milliseconds(clock_.now())});
  if (!rows) return fail(std::move(rows).error());
  std::vector<Ended> expired;
  for (const auto& row : *rows) {
    if (is_locked(row.number(0))) continue;
    expired.push_back({row.text(1), row.text(2), row.number(0), row.text(3), row.text(4),
                       parse_ack(row.text(5)).value_or(Ack::none)});
  }
  return end(expired, "Expired");
}

void CloudToDevice::sweep() {
  const Timestamp now = clock_.now();
  std::vector<Lock> ended;
  std::erase_if(locks_, [&](const auto& entry) {
    if (entry.second.until > now) return false;
    ended.push_back(entry.second);
    return true;
  });
  std::erase_if(feedback_locks_, [&](const auto& entry) { return entry.second.until <= now; });
  auto done = expire_due();
  if (done) done = drop_old_feedback();
  if (!done) ferry::log::error("iot_hub", "expire messages: {}", done.error().describe());
  for (const Lock& lock : ended) available(lock.hub, lock.device);
}

Result<void> CloudToDevice::erase_device(const std::string& hub, const std::string& device) {
  std::erase_if(locks_, [&](const auto& entry) {
    return entry.second.hub == hub && entry.second.device == device;
  });
  return database_.execute("DELETE FROM messages WHERE hub = ? AND device = ?", {hub, device});
}

Result<void> CloudToDevice::erase_hub(const std::string& hub) {
  std::erase_if(locks_, [&](const auto& entry) { return entry.second.hub == hub; });
  std::erase_if(feedback_locks_, [&](const auto& entry) { return entry.second.hub == hub; });
  auto done = database_.execute("DELETE FROM messages WHERE hub = ?", {hub});
  if (!done) return done;
  return database_.execute("DELETE FROM feedback WHERE hub = ?", {hub});
}

}  // namespace drydock::iot_hub
