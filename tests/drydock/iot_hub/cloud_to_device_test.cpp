// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/cloud_to_device.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"

namespace drydock::iot_hub {
namespace {

using namespace ferry;
using namespace std::chrono_literals;

const std::string kHub = "testhub";

class CloudToDeviceTest : public testing::Test {
 protected:
  CloudToDeviceTest() : directory_(std::filesystem::temp_directory_path() / random_id("c2d")) {
    std::filesystem::create_directories(directory_);
    open();
  }
  ~CloudToDeviceTest() override {
    queue_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    queue_.reset();
    auto opened = CloudToDevice::open(directory_ / "c2d.db", clock_,
                                      [this](std::string_view) { return settings_; });
    ASSERT_TRUE(opened) << opened.error().describe();
    queue_ = *std::move(opened);
    queue_->on_message([this](const std::string& hub, const std::string& device) {
      heard_.push_back(hub + "/" + device);
    });
  }
  void enqueue(std::string body, Ack ack = Ack::full, std::optional<std::chrono::seconds> life = {},
               const std::string& device = "crane") {
    CloudToDeviceMessage message;
    message.message_id = "id-" + body;
    message.body = std::move(body);
    message.ack = ack;
    message.properties = {{"colour", "red"}};
    if (life) message.expiry = clock_.now() + *life;
    const auto done = queue_->enqueue(kHub, device, "gen-1", std::move(message));
    EXPECT_TRUE(done) << done.error().message;
  }
  std::optional<LockedMessage> next(const std::string& device = "crane") {
    auto locked = queue_->lock_next(kHub, device);
    EXPECT_TRUE(locked) << locked.error().message;
    return *std::move(locked);
  }
  std::string next_body() {
    const auto locked = next();
    return locked ? locked->message.body : "-";
  }
  // "id-a:Success id-b:Expired"
  std::string feedback() {
    clock_.advance(CloudToDevice::kFeedbackPatience);
    const auto batch = queue_->lock_feedback(kHub);
    EXPECT_TRUE(batch);
    std::string text;
    if (!*batch) return text;
    for (const FeedbackRecord& record : (*batch)->records) {
      EXPECT_EQ(record.generation_id, "gen-1");
      text += (text.empty() ? "" : " ") + record.original_message_id + ":" + record.status;
    }
    EXPECT_TRUE(queue_->complete_feedback((*batch)->lock_token));
    return text;
  }

  ManualClock clock_{from_unix_seconds(1'795'000'000)};
  CloudToDeviceSettings settings_;
  std::filesystem::path directory_;
  std::vector<std::string> heard_;
  std::unique_ptr<CloudToDevice> queue_;
};

TEST_F(CloudToDeviceTest, DeliversInOrderAndEachMessageToOneTaker) {
  enqueue("a");
  enqueue("b");
  enqueue("other", Ack::none, {}, "winch");
  EXPECT_EQ(heard_, (std::vector<std::string>{"testhub/crane", "testhub/crane", "testhub/winch"}));
  const auto first = next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->message.body, "a");
  EXPECT_EQ(string_or(first->message.properties, "colour", ""), "red");
  EXPECT_EQ(next_body(), "b");
  EXPECT_EQ(next_body(), "-");
  EXPECT_EQ(queue_->count(kHub, "crane"), 2);
  EXPECT_TRUE(queue_->complete(first->lock_token));
  EXPECT_EQ(queue_->count(kHub, "crane"), 1);
  EXPECT_EQ(queue_->complete(first->lock_token).error().number, 412002);
  EXPECT_EQ(feedback(), "id-a:Success");
}

TEST_F(CloudToDeviceTest, SurvivesACrashWithWhatWasLocked) {
  enqueue("a");
  enqueue("b", Ack::negative);
  const auto first = next();
  ASSERT_TRUE(first);
  open();
  EXPECT_EQ(queue_->complete(first->lock_token).error().number, 412002);
  const auto again = next();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->message.body, "a");
  EXPECT_EQ(again->sequence, first->sequence);
  EXPECT_TRUE(queue_->complete(again->lock_token));
  const auto second = next();
  EXPECT_TRUE(queue_->complete(second->lock_token));
  open();
  EXPECT_EQ(next_body(), "-");
  EXPECT_EQ(feedback(), "id-a:Success");  // b asked for bad news only
}

TEST_F(CloudToDeviceTest, AReleasedOrForgottenLockBringsTheMessageBackFirst) {
  enqueue("a");
  enqueue("b");
  const auto first = next();
  queue_->release(first->lock_token);
  EXPECT_EQ(next_body(), "a");
  EXPECT_EQ(next_body(), "b");
  heard_.clear();
  clock_.advance(CloudToDevice::kLockTime);
  queue_->sweep();
  EXPECT_EQ(heard_.size(), 2U);
  const auto again = next();
  EXPECT_EQ(again->message.body, "a");
  EXPECT_EQ(again->delivery_count, 0);  // only abandoning counts
}

TEST_F(CloudToDeviceTest, GivesUpAfterTheHubsNumberOfAbandons) {
  settings_.max_delivery_count = 2;
  enqueue("a");
  EXPECT_TRUE(queue_->abandon(next()->lock_token));
  const auto second = next();
  EXPECT_EQ(second->delivery_count, 1);
  EXPECT_TRUE(queue_->abandon(second->lock_token));
  EXPECT_EQ(next_body(), "-");
  EXPECT_EQ(feedback(), "id-a:DeliveryCountExceeded");
}

TEST_F(CloudToDeviceTest, ExpiresWhatWasNotTakenInTime) {
  settings_.default_time_to_live = 30s;
  enqueue("short", Ack::full, 10s);
  enqueue("default");
  enqueue("quiet", Ack::positive, 10s);
  clock_.advance(10s);
  EXPECT_EQ(next_body(), "default");
  queue_->sweep();
  EXPECT_EQ(queue_->count(kHub, "crane"), 1);
  EXPECT_EQ(feedback(), "id-short:Expired");
  clock_.advance(20s);
  queue_->sweep();  // "default" is locked: not yet
  EXPECT_EQ(queue_->count(kHub, "crane"), 1);
  clock_.advance(CloudToDevice::kLockTime);
  queue_->sweep();
  EXPECT_EQ(feedback(), "id-default:Expired");
}

TEST_F(CloudToDeviceTest, RefusesBeyondItsLimits) {
  CloudToDeviceMessage large;
  large.body.resize(CloudToDevice::kSizeLimit);
  EXPECT_EQ(queue_->enqueue(kHub, "crane", "gen-1", large).error().number, 413001);
  CloudToDeviceMessage long_lived;
  long_lived.expiry = clock_.now() + CloudToDevice::kLongestTimeToLive + 1s;
  EXPECT_EQ(queue_->enqueue(kHub, "crane", "gen-1", long_lived).error().number, 400004);
  for (std::size_t i = 0; i < CloudToDevice::kQueueLimit; ++i) enqueue(std::to_string(i));
  EXPECT_EQ(queue_->enqueue(kHub, "crane", "gen-1", {}).error().number, 403004);
  EXPECT_TRUE(queue_->enqueue(kHub, "winch", "gen-1", {}));
}

TEST_F(CloudToDeviceTest, PurgesWhatNobodyHolds) {
  enqueue("a");
  enqueue("b");
  const auto held = next();
  EXPECT_EQ(queue_->purge(kHub, "crane"), 1);
  EXPECT_TRUE(queue_->reject(held->lock_token));
  EXPECT_EQ(feedback(), "id-b:Purged id-a:Rejected");
}

TEST_F(CloudToDeviceTest, FeedbackComesInBatchesUntilItIsCompleted) {
  settings_.feedback_max_delivery_count = 2;
  enqueue("a");
  EXPECT_TRUE(queue_->complete(next()->lock_token));
  EXPECT_FALSE(*queue_->lock_feedback(kHub));  // more may come
  clock_.advance(CloudToDevice::kFeedbackPatience);
  const auto batch = queue_->lock_feedback(kHub);
  ASSERT_TRUE(batch && *batch);
  EXPECT_EQ(to_json(**batch).size(), 1U);
  EXPECT_FALSE(*queue_->lock_feedback(kHub));  // locked
  EXPECT_TRUE(queue_->abandon_feedback((*batch)->lock_token));
  const auto again = queue_->lock_feedback(kHub);
  ASSERT_TRUE(again && *again);
  EXPECT_TRUE(queue_->abandon_feedback((*again)->lock_token));
  EXPECT_EQ(feedback(), "");  // given up
}

TEST_F(CloudToDeviceTest, OldFeedbackAndDeletedDevicesLeaveNothing) {
  settings_.feedback_time_to_live = 60s;
  enqueue("a");
  EXPECT_TRUE(queue_->complete(next()->lock_token));
  clock_.advance(60s);
  queue_->sweep();
  EXPECT_EQ(feedback(), "");
  enqueue("b");
  EXPECT_TRUE(queue_->erase_device(kHub, "crane"));
  EXPECT_EQ(next_body(), "-");
  EXPECT_EQ(feedback(), "");
}

}  // namespace
}  // namespace drydock::iot_hub
