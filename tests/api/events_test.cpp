// SPDX-License-Identifier: Apache-2.0
#include "api/events.hpp"

#include <gtest/gtest.h>

#include "store/store.hpp"
#include "tests/api/server_fixture.hpp"

namespace ferry::api {
namespace {

using namespace std::chrono_literals;

// Collects what is written; refuses from the `limit`-th write on, as a client that is gone.
class Collector final : public net::BodyWriter {
 public:
  explicit Collector(int limit = 1000) : limit_(limit) {}
  net::Task<Result<void>> write(std::string_view bytes) override {
    if (++writes > limit_) co_return fail(Code::unavailable, "gone");
    text += bytes;
    co_return Result<void>();
  }
  std::string text;
  int writes = 0;

 private:
  int limit_;
};

net::Task<bool> drain(const net::HttpResponse& response, Collector& collector) {
  co_await response.stream(collector);
  co_return true;
}

net::Task<void> soon(std::chrono::milliseconds) {
  return net::sleep_for(1ms);
}

Result<void> allowed() {
  return {};
}

// A state that counts up with every second look, to `last` looks.
EventSource counter(int& looks, int last) {
  return {[&looks, last]() -> Result<Snapshot> {
            ++looks;
            return Snapshot{{{"count", json::object{{"n", looks / 2}}}}, looks == last};
          },
          soon, allowed};
}

TEST(Events, EachStateIsSentOnceAndTheStreamEndsWithTheLast) {
  net::EventLoop loop;
  int looks = 0;
  Collector collector;
  const auto response = event_stream(counter(looks, 5), 10s);
  EXPECT_EQ(response.headers.get_or("Content-Type", ""), "text/event-stream");
  loop.run_until_done(drain(response, collector));
  EXPECT_EQ(collector.text,
            "event: count\ndata: {\"n\":0}\n\nevent: count\ndata: {\"n\":1}\n\n"
            "event: count\ndata: {\"n\":2}\n\n");
}

TEST(Events, AQuietStreamHasHeartbeats) {
  net::EventLoop loop;
  int looks = 0;
  Collector collector(4);
  EventSource source{[&]() -> Result<Snapshot> {
                       ++looks;
                       return Snapshot{{{"same", json::object{}}}, false};
                     },
                     soon, allowed};
  loop.run_until_done(drain(event_stream(source, 5ms), collector));
  EXPECT_EQ(collector.text,
            "event: same\ndata: {}\n\n: still here\n\n: still here\n\n: still here\n\n");
  EXPECT_EQ(collector.writes, 5) << "it ends when the client is gone";
}

TEST(Events, AProblemEndsTheStreamWithTheErrorOfTheApi) {
  net::EventLoop loop;
  Collector collector;
  EventSource source{[]() -> Result<Snapshot> { return fail(Code::not_found, "it is gone"); }, soon,
                     allowed};
  loop.run_until_done(drain(event_stream(source, 10s), collector));
  EXPECT_TRUE(
      collector.text.starts_with("event: problem\ndata: {\"error\":{\"code\":\"not_found\""))
      << collector.text;
  EXPECT_TRUE(collector.text.ends_with("\n\n"));
}

TEST(Events, TheStreamEndsWhenItsCallerMayNoLongerLook) {
  net::EventLoop loop;
  Collector collector;
  int asked = 0;
  EventSource source{
      []() -> Result<Snapshot> { return Snapshot{{{"same", json::object{}}}, false}; }, soon,
      [&]() -> Result<void> {
        if (++asked == 2) return fail(Code::unauthenticated, "signed out");
        return {};
      }};
  loop.run_until_done(drain(event_stream(source, 2ms), collector));
  EXPECT_NE(collector.text.find("event: problem"), std::string::npos);
}

using WatchedOperations = ServerTest;

TEST_F(WatchedOperations, WhatThisProcessHasNeverChangedIsNotLookedAtAgainAndAgain) {
  auto database = store::Store::open(scratch.path());
  ASSERT_TRUE(database) << database.error().describe();
  store::Operation operation;
  operation.id = fleet::OperationId("op-0123456789abcdef");
  operation.organization =
      fleet::OrganizationId(text_at(ask("GET", "/api/v1/organizations"), "value.0.id"));
  operation.kind = "workspace.create";
  operation.input = "{}";
  ASSERT_TRUE((*database)->operations.insert(operation));
  auto& operations = control->operations;
  auto first = loop.run_until_done(operations.watch(operation.id.str(), 0, 10s));
  ASSERT_TRUE(first && *first);
  auto second = loop.run_until_done(operations.watch(operation.id.str(), (*first)->revision, 20ms));
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_FALSE(*second) << "nothing has changed";
}

}  // namespace
}  // namespace ferry::api
