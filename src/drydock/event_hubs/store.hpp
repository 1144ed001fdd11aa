// SPDX-License-Identifier: Apache-2.0
// The events of all event hubs: event_hubs.db, one log per event hub and partition, in the order of
// arrival, with what Event Hubs readers position by: sequence numbers, offsets, times of arrival.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/sqlite.hpp"
#include "net/task.hpp"

namespace drydock::event_hubs {

// Which event hub; names compare without case.
struct HubName {
  std::string space;
  std::string hub;
};

struct Event {
  std::string partition_key;       // events of one key keep their order; empty for none
  std::string encoded;             // the AMQP message as its sender made it; else the following:
  ferry::json::object properties;  // application properties
  ferry::json::object system;      // message properties and annotations by their AMQP names
  std::string body;
  ferry::Timestamp enqueued;
};

struct StoredEvent {
  std::int64_t sequence = 0;  // from 0, without gaps
  std::int64_t offset = 0;    // grows with the bytes before the event
  Event event;
};

struct PartitionState {
  std::int64_t first_sequence = 0;  // of what is kept; first > last when there is nothing
  std::int64_t last_sequence = -1;
  std::int64_t last_offset = -1;
  std::optional<ferry::Timestamp> last_enqueued;
};

class EventStore : public std::enable_shared_from_this<EventStore> {
 public:
  // Ends the watch when it goes.
  using Watch = std::shared_ptr<void>;

  static ferry::Result<std::shared_ptr<EventStore>> open(const std::filesystem::path& file,
                                                         ferry::net::Executor executor);

  // Stores the event together with all others of this turn of the loop in one transaction, then
  // calls `done`, in the order of the calls. Events older than `retention` go on that occasion.
  void append(HubName name, int partition, Event event, std::chrono::hours retention,
              std::function<void(bool stored)> done);

  // Events with a sequence number above `after`, oldest first.
  ferry::Result<std::vector<StoredEvent>> read(const HubName& name, int partition,
                                               std::int64_t after, std::int64_t limit);
  // The position to read after so that the next event is the first one behind `offset`, or the
  // first one that arrived at `time` or later.
  ferry::Result<std::int64_t> position_after_offset(const HubName& name, int partition,
                                                    std::int64_t offset);
  ferry::Result<std::int64_t> position_before_time(const HubName& name, int partition,
                                                   ferry::Timestamp time);
  ferry::Result<PartitionState> state(const HubName& name, int partition);
  // Calls `listener` after events of this partition were stored.
  [[nodiscard]] Watch watch(const HubName& name, int partition, std::function<void()> listener);

  ferry::Result<void> erase(const HubName& name);
  ferry::Result<void> erase_space(std::string_view space);

  EventStore(ferry::sqlite::Database database, ferry::net::Executor executor)
      : database_(std::move(database)), executor_(executor) {}

 private:
  struct Waiting {
    std::string space;
    std::string hub;
    int partition = 0;
    Event event;
    std::chrono::hours retention;
    std::function<void(bool)> done;
  };
  struct End {
    std::int64_t sequence = -1;
    std::int64_t offset = 0;  // where the next event begins
    std::int64_t last_offset = -1;
    std::int64_t since_trim = 0;
  };
  using Key = std::tuple<std::string, std::string, int>;

  static ferry::net::Task<void> flush(std::shared_ptr<EventStore> self);
  void notify(const std::vector<Waiting>& batch);
  ferry::Result<void> write(const std::vector<Waiting>& batch);
  ferry::Result<void> write_one(const Waiting& waiting);
  ferry::Result<void> write_end(const Key& key, std::int64_t last_enqueued);
  ferry::Result<End*> end_of(const Key& key);

  ferry::sqlite::Database database_;
  ferry::net::Executor executor_;
  std::vector<Waiting> waiting_;
  std::map<Key, End> ends_;
  std::multimap<Key, std::weak_ptr<std::function<void()>>> watchers_;
};

}  // namespace drydock::event_hubs
