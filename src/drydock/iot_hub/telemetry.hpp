// SPDX-License-Identifier: Apache-2.0
// The device-to-cloud messages of all hubs: iot_hub_messages.db, a bounded log per hub and
// partition.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/sqlite.hpp"
#include "net/task.hpp"

namespace drydock::iot_hub {

struct TelemetryMessage {
  std::string hub;  // lower case
  std::string device;
  std::string module;  // empty for a message of the device itself
  std::string generation_id;
  std::string authentication;  // "sas" or "x509"
  std::string properties;      // the property bag as it stood in the topic
  std::string body;
  ferry::Timestamp enqueued;
};

struct StoredMessage {
  std::int64_t sequence = 0;  // from 1, without gaps, per hub and partition
  TelemetryMessage message;
};

class TelemetryLog : public std::enable_shared_from_this<TelemetryLog> {
 public:
  static constexpr int kPartitions = 4;
  static constexpr std::int64_t kKeptPerPartition = 100'000;

  static ferry::Result<std::shared_ptr<TelemetryLog>> open(const std::filesystem::path& file,
                                                           ferry::net::Executor executor);

  // Stores the message together with all others of this turn of the loop in one transaction, then
  // calls `done`, in the order of the calls.
  void append(TelemetryMessage message, std::function<void(bool stored)> done);
  // Messages with a sequence number above `after`, oldest first.
  ferry::Result<std::vector<StoredMessage>> read(const std::string& hub, int partition,
                                                 std::int64_t after, std::int64_t limit);
  ferry::Result<void> erase(const std::string& hub);

  static int partition_of(const std::string& device);  // the same for all times

  TelemetryLog(ferry::sqlite::Database database, ferry::net::Executor executor)
      : database_(std::move(database)), executor_(executor) {}

 private:
  struct Waiting {
    TelemetryMessage message;
    std::function<void(bool)> done;
  };
  static ferry::net::Task<void> flush(std::shared_ptr<TelemetryLog> self);
  ferry::Result<void> write(const std::vector<Waiting>& batch);
  ferry::Result<std::int64_t*> last_sequence(const std::string& hub, int partition);

  ferry::sqlite::Database database_;
  ferry::net::Executor executor_;
  std::vector<Waiting> waiting_;
  std::map<std::pair<std::string, int>, std::int64_t> last_;
};

}  // namespace drydock::iot_hub
