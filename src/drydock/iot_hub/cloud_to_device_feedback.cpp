// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/id.hpp"
#include "base/log.hpp"
#include "drydock/iot_hub/cloud_to_device.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::fail;
using ferry::Result;
using ferry::Timestamp;
namespace json = ferry::json;

Timestamp time_of(const ferry::sqlite::Row& row, int column) {
  return Timestamp(std::chrono::milliseconds(row.number(column)));
}

tl::unexpected<Refusal> feedback_failed(const ferry::Error& error) {
  ferry::log::error("iot_hub", "feedback: {}", error.describe());
  return refuse(500001, "the feedback on messages cannot be read or written");
}

}  // namespace

json::array to_json(const FeedbackBatch& batch) {
  json::array records;
  for (const FeedbackRecord& record : batch.records) {
    records.push_back(json::object{{"originalMessageId", record.original_message_id},
                                   {"enqueuedTimeUtc", ferry::format_rfc3339(record.time)},
                                   {"statusCode", record.status},
                                   {"description", record.status},
                                   {"deviceId", record.device},
                                   {"deviceGenerationId", record.generation_id}});
  }
  return records;
}

Outcome<std::optional<FeedbackBatch>> CloudToDevice::lock_feedback(const std::string& hub) {
  const Timestamp now = clock_.now();
  auto rows = database_.query(
      "SELECT sequence, message_id, time, status, device, generation_id FROM feedback WHERE "
      "hub = ? ORDER BY sequence",
      {hub});
  if (!rows) return feedback_failed(rows.error());
  FeedbackBatch batch;
  FeedbackLock lock{hub, {}, now + settings_of_(hub).feedback_lock};
  for (const auto& row : *rows) {
    const std::int64_t sequence = row.number(0);
    const bool taken = std::ranges::any_of(feedback_locks_, [&](const auto& entry) {
      const auto& held = entry.second.sequences;
      return entry.second.until > now && std::ranges::find(held, sequence) != held.end();
    });
    if (taken) continue;
    lock.sequences.push_back(sequence);
    batch.records.push_back({row.text(1), time_of(row, 2), row.text(3), row.text(4), row.text(5)});
    if (batch.records.size() == kFeedbackBatch) break;
  }
  const bool ready =
      batch.records.size() == kFeedbackBatch ||
      (!batch.records.empty() && batch.records.front().time + kFeedbackPatience <= now);
  if (!ready) return std::nullopt;
  batch.lock_token = ferry::random_uuid();
  batch.enqueued = batch.records.back().time;
  feedback_locks_[batch.lock_token] = std::move(lock);
  return batch;
}

Outcome<void> CloudToDevice::complete_feedback(const std::string& lock_token) {
  const auto lock = feedback_locks_.extract(lock_token);
  if (lock.empty() || lock.mapped().until <= clock_.now()) {
    return refuse(412002, "the lock on the feedback was lost");
  }
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return feedback_failed(transaction.error());
  for (const std::int64_t sequence : lock.mapped().sequences) {
    auto done = database_.execute("DELETE FROM feedback WHERE sequence = ?", {sequence});
    if (!done) return feedback_failed(done.error());
  }
  if (auto done = transaction->commit(); !done) return feedback_failed(done.error());
  return {};
}

Outcome<void> CloudToDevice::abandon_feedback(const std::string& lock_token) {
  const auto lock = feedback_locks_.extract(lock_token);
  if (lock.empty()) return refuse(412002, "the lock on the feedback was lost");
  const int most = settings_of_(lock.mapped().hub).feedback_max_delivery_count;
  auto transaction = ferry::sqlite::Transaction::begin(database_);
  if (!transaction) return feedback_failed(transaction.error());
  for (const std::int64_t sequence : lock.mapped().sequences) {
    auto done = database_.execute(
        "UPDATE feedback SET delivery_count = delivery_count + 1 WHERE sequence = ?", {sequence});
    if (!done) return feedback_failed(done.error());
  }
  auto done = database_.execute("DELETE FROM feedback WHERE hub = ? AND delivery_count >= ?",
                                {lock.mapped().hub, most});
  if (done) done = transaction->commit();
  if (!done) return feedback_failed(done.error());
  return {};
}

void CloudToDevice::release_feedback(const std::string& lock_token) {
  feedback_locks_.erase(lock_token);
}

Result<void> CloudToDevice::drop_old_feedback() {
  auto hubs = database_.query("SELECT hub, min(time) FROM feedback GROUP BY hub");
  if (!hubs) return fail(std::move(hubs).error());
  for (const auto& row : *hubs) {
    const Timestamp oldest = clock_.now() - settings_of_(row.text(0)).feedback_time_to_live;
    if (time_of(row, 1) > oldest) continue;
    auto done = database_.execute("DELETE FROM feedback WHERE hub = ? AND time <= ?",
                                  {row.text(0), std::int64_t{oldest.time_since_epoch().count()}});
    if (!done) return done;
  }
  return {};
}

}  // namespace drydock::iot_hub
