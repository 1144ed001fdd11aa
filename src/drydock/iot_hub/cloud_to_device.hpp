// SPDX-License-Identifier: Apache-2.0
// Cloud-to-device messages of all hubs: iot_hub_cloud_to_device.db, a queue per device and, per
// hub, the feedback on what became of messages that asked for it. The protocols (service AMQP,
// MQTT, HTTP) put in and take out; what happens in between is decided here.
//
//   enqueued --lock_next--> locked --complete--> gone (Success)
//       ^                     |   \--reject----> gone (Rejected)
//       +--abandon, release---+
//
// Every call that changes something is on disk when it returns. Locks live in memory: they end with
// their time, with release(), and with the program.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/sqlite.hpp"
#include "drydock/directory.hpp"
#include "drydock/iot_hub/refusal.hpp"

namespace drydock::iot_hub {

enum class Ack { none, positive, negative, full };
std::string_view to_string(Ack ack);                  // "positive"
std::optional<Ack> parse_ack(std::string_view text);  // without case

struct CloudToDeviceMessage {
  std::string message_id;  // empty: made on arrival, so that feedback can name it
  std::string correlation_id;
  std::string user_id;
  std::string to;  // "/devices/{id}/messages/devicebound"
  std::string content_type;
  std::string content_encoding;
  Ack ack = Ack::none;
  std::optional<ferry::Timestamp> expiry;  // nothing: the hub's default time to live
  ferry::json::object properties;          // application properties
  std::string body;
};

// One delivery of a message, until its lock ends.
struct LockedMessage {
  std::string lock_token;
  std::int64_t sequence = 0;  // of the message, rising within a device
  int delivery_count = 0;     // abandons so far
  ferry::Timestamp enqueued;
  CloudToDeviceMessage message;  // expiry is set
};

struct FeedbackRecord {
  std::string original_message_id;
  ferry::Timestamp time;
  std::string status;  // Success, Expired, DeliveryCountExceeded, Rejected, Purged
  std::string device;
  std::string generation_id;
};

struct FeedbackBatch {
  std::string lock_token;  // a UUID
  ferry::Timestamp enqueued;
  std::vector<FeedbackRecord> records;  // at most 64
};
// [{"originalMessageId", "enqueuedTimeUtc", "statusCode", "description", "deviceId",
// "deviceGenerationId"}]: the body of a feedback message.
ferry::json::array to_json(const FeedbackBatch& batch);

class CloudToDevice {
 public:
  static constexpr std::size_t kQueueLimit = 50;
  static constexpr std::size_t kSizeLimit = 64 * 1024;  // body and properties
  static constexpr std::size_t kFeedbackBatch = 64;
  static constexpr std::chrono::seconds kLockTime{60};
  static constexpr std::chrono::hours kLongestTimeToLive{48};
  // How long feedback waits for more of it: Azure takes up to 15 s.
  static constexpr std::chrono::seconds kFeedbackPatience{1};

  using SettingsOf = std::function<CloudToDeviceSettings(std::string_view hub)>;
  // `clock` must outlive it. Hub names are lower case everywhere.
  static ferry::Result<std::unique_ptr<CloudToDevice>> open(const std::filesystem::path& file,
                                                            const ferry::Clock& clock,
                                                            SettingsOf settings_of);

  // 403004 when the device's queue is full, 413001 when the message is too large, 400004 when its
  // expiry lies too far ahead. The caller has made sure that the device exists; its generation id
  // goes into feedback. The number is the message's sequence.
  Outcome<std::int64_t> enqueue(const std::string& hub, const std::string& device,
                                const std::string& generation_id, CloudToDeviceMessage message);

  // The oldest message that is neither locked nor expired, locked for kLockTime.
  Outcome<std::optional<LockedMessage>> lock_next(const std::string& hub,
                                                  const std::string& device);
  // 412002: the lock is not (or no longer) held.
  Outcome<void> complete(const std::string& lock_token);
  Outcome<void> reject(const std::string& lock_token);
  // Back to its place in the queue, counted: at the hub's limit it goes as DeliveryCountExceeded.
  Outcome<void> abandon(const std::string& lock_token);
  // Back to its place, not counted: the connection that held it ended. Unknown tokens are fine.
  void release(const std::string& lock_token);
  void renew(const std::string& lock_token);  // another kLockTime, for transfers that take long

  Outcome<std::int64_t> count(const std::string& hub, const std::string& device);
  // Takes all messages that are not locked and says how many they were.
  Outcome<std::int64_t> purge(const std::string& hub, const std::string& device);
  // The device is gone: no feedback.
  ferry::Result<void> erase_device(const std::string& hub, const std::string& device);
  ferry::Result<void> erase_hub(const std::string& hub);

  // Feedback in batches, oldest first: nothing until kFeedbackBatch records are there or the oldest
  // has waited kFeedbackPatience.
  Outcome<std::optional<FeedbackBatch>> lock_feedback(const std::string& hub);
  Outcome<void> complete_feedback(const std::string& lock_token);
  Outcome<void> abandon_feedback(const std::string& lock_token);
  void release_feedback(const std::string& lock_token);

  // Ends what has expired: messages, locks, feedback. To be called about once a second; the other
  // calls do it for what they touch.
  void sweep();

  // Called after a message of the device became available (enqueued, abandoned, unlocked).
  void on_message(std::function<void(const std::string& hub, const std::string& device)> listener) {
    listener_ = std::move(listener);
  }

 private:
  struct Lock {
    std::string hub;
    std::string device;
    std::int64_t sequence = 0;
    ferry::Timestamp until;
  };
  struct FeedbackLock {
    std::string hub;
    std::vector<std::int64_t> sequences;
    ferry::Timestamp until;
  };
  struct Ended {  // a message that leaves its queue
    std::string hub;
    std::string device;
    std::int64_t sequence = 0;
    std::string generation_id;
    std::string message_id;
    Ack ack = Ack::none;
  };

  CloudToDevice(ferry::sqlite::Database database, const ferry::Clock& clock, SettingsOf settings_of)
      : database_(std::move(database)), clock_(clock), settings_of_(std::move(settings_of)) {}
  std::optional<Lock> take_lock(const std::string& lock_token);
  bool is_locked(std::int64_t sequence) const;
  ferry::Result<std::optional<Ended>> find_ended(const Lock& lock);
  Outcome<void> end_locked(const std::string& lock_token, std::string_view status);
  ferry::Result<void> end(const std::vector<Ended>& messages, std::string_view status);
  ferry::Result<void> expire_due();
  ferry::Result<void> drop_old_feedback();
  void available(const std::string& hub, const std::string& device);

  ferry::sqlite::Database database_;
  const ferry::Clock& clock_;
  SettingsOf settings_of_;
  std::function<void(const std::string&, const std::string&)> listener_;
  std::map<std::string, Lock> locks_;
  std::map<std::string, FeedbackLock> feedback_locks_;
};

}  // namespace drydock::iot_hub
