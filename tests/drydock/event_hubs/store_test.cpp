// SPDX-License-Identifier: Apache-2.0
#include "drydock/event_hubs/store.hpp"

#include <gtest/gtest.h>

#include "drydock/event_hubs/partition.hpp"

namespace drydock::event_hubs {
namespace {

using namespace ferry;
using namespace std::chrono_literals;

class EventStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/drydock-events-XXXXXX";
    directory_ = mkdtemp(pattern);
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    store_.reset();
    auto opened = EventStore::open(directory_ / "event_hubs.db", loop_.executor());
    ASSERT_TRUE(opened) << opened.error().describe();
    store_ = *std::move(opened);
  }
  void append(std::string body, int partition = 0, HubName name = {"Harbour", "Telemetry"}) {
    Event event;
    event.body = std::move(body);
    event.enqueued = clock_.now();
    event.properties = {{"crane", "7"}};
    bool stored = false;
    store_->append(std::move(name), partition, std::move(event), 24h,
                   [&](bool done) { stored = done; });
    loop_.run_until_done(turn());
    EXPECT_TRUE(stored);
  }
  static net::Task<int> turn() {
    co_await net::sleep_for(5ms);
    co_return 0;
  }
  std::string bodies(std::int64_t after = -1, int partition = 0) {
    std::string text;
    auto events = store_->read(name_, partition, after, 100);
    EXPECT_TRUE(events);
    for (const StoredEvent& stored : *events) text += stored.event.body;
    return text;
  }

  net::EventLoop loop_;
  ManualClock clock_{from_unix_seconds(1'800'000'000)};
  const HubName name_{"harbour", "telemetry"};
  std::filesystem::path directory_;
  std::shared_ptr<EventStore> store_;
};

TEST_F(EventStoreTest, KeepsOrderNumbersAndContentAcrossARestart) {
  append("a");
  append("b");
  append("x", 1);
  open();
  append("c");
  EXPECT_EQ(bodies(), "abc");
  EXPECT_EQ(bodies(0), "bc");
  EXPECT_EQ(bodies(-1, 1), "x");
  const auto events = store_->read(name_, 0, -1, 100);
  ASSERT_EQ(events->size(), 3U);
  EXPECT_EQ((*events)[2].sequence, 2);
  EXPECT_LT((*events)[1].offset, (*events)[2].offset);
  EXPECT_EQ((*events)[0].event.properties.at("crane").as_string(), "7");
  EXPECT_EQ((*events)[0].event.enqueued, clock_.now());
}

TEST_F(EventStoreTest, FindsPositionsByOffsetAndTime) {
  append("a");
  clock_.advance(10s);
  append("b");
  clock_.advance(10s);
  append("c");
  const auto events = store_->read(name_, 0, -1, 100);
  EXPECT_EQ(*store_->position_after_offset(name_, 0, (*events)[1].offset), 1);
  EXPECT_EQ(*store_->position_after_offset(name_, 0, -1), -1);
  EXPECT_EQ(*store_->position_before_time(name_, 0, clock_.now() - 10s), 0);
  EXPECT_EQ(*store_->position_before_time(name_, 0, clock_.now() + 1s), 2);
  const auto state = store_->state(name_, 0);
  EXPECT_EQ(state->first_sequence, 0);
  EXPECT_EQ(state->last_sequence, 2);
  EXPECT_EQ(state->last_offset, (*events)[2].offset);
  EXPECT_EQ(state->last_enqueued, clock_.now());
  EXPECT_EQ(store_->state(name_, 3)->last_sequence, -1);
}

TEST_F(EventStoreTest, ForgetsWhatIsOlderThanItsRetentionButNeverItsNumbers) {
  append("old");
  clock_.advance(25h);
  open();  // trims with the first event after a start
  append("new");
  EXPECT_EQ(bodies(), "new");
  const auto state = store_->state(name_, 0);
  EXPECT_EQ(state->first_sequence, 1);
  EXPECT_EQ(state->last_sequence, 1);
}

TEST_F(EventStoreTest, ErasesOneEventHubOrAWholeNamespace) {
  append("a");
  append("b", 0, {"harbour", "other"});
  append("c", 0, {"pier", "telemetry"});
  ASSERT_TRUE(store_->erase(name_));
  EXPECT_EQ(bodies(), "");
  append("d");
  EXPECT_EQ(store_->state(name_, 0)->last_sequence, 0);
  ASSERT_TRUE(store_->erase_space("HARBOUR"));
  EXPECT_EQ(store_->read({"harbour", "other"}, 0, -1, 10)->size(), 0U);
  EXPECT_EQ(store_->read({"pier", "telemetry"}, 0, -1, 10)->size(), 1U);
}

TEST(Partitions, AreThoseThatEventHubsAndItsClientsCompute) {
  struct Vector {
    std::string_view key;
    int of_2, of_4, of_8, of_32;
  };
  // Computed with Microsoft's own function.
  constexpr Vector kVectors[] = {{"a", 0, 0, 4, 28},
                                 {"dev-7", 0, 0, 4, 12},
                                 {"device-0001", 0, 2, 2, 10},
                                 {"edge-gw-42", 1, 1, 5, 13},
                                 {"\xc3\xbcn\xc3\xaf"
                                  "code",
                                  0, 2, 2, 2},
                                 {"", 0, 0, 0, 0}};
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(partition_of(vector.key, 2), vector.of_2) << vector.key;
    EXPECT_EQ(partition_of(vector.key, 4), vector.of_4) << vector.key;
    EXPECT_EQ(partition_of(vector.key, 8), vector.of_8) << vector.key;
    EXPECT_EQ(partition_of(vector.key, 32), vector.of_32) << vector.key;
  }
}

}  // namespace
}  // namespace drydock::event_hubs
