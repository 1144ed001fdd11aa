// SPDX-License-Identifier: Apache-2.0
// The control interface at its Unix socket, from both ends.
#include "drydock/faults/control.hpp"

#include <gtest/gtest.h>

#include "net/unix_listener.hpp"

namespace drydock {
namespace {

using namespace ferry;

net::Task<net::HttpResponse> answer(Faults& faults, net::HttpRequest request) {
  co_return answer_control(faults, request);
}

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/drydock-control-XXXXXX";
    directory_ = mkdtemp(pattern);
    net::HttpHandler handler = [this](net::HttpRequest request) {
      return answer(faults_, std::move(request));
    };
    auto listener = net::UnixListener::start(loop_, control_socket(directory_),
                                             [handler](std::unique_ptr<net::Stream> stream) {
                                               return net::serve_http(std::move(stream), handler);
                                             });
    ASSERT_TRUE(listener) << listener.error().describe();
    listener_ = *std::move(listener);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  net::EventLoop loop_;
  Faults faults_;
  std::filesystem::path directory_;
  std::unique_ptr<net::UnixListener> listener_;
};

TEST_F(ControlTest, AddsListsAndRemovesFaults) {
  const ControlClient client(directory_);
  Fault fault;
  fault.service = Service::blob;
  fault.probability = 0.5;
  const auto id = loop_.run_until_done(client.add(fault));
  ASSERT_TRUE(id) << id.error().describe();
  EXPECT_EQ(*id, "f1");
  ASSERT_TRUE(loop_.run_until_done(client.add(fault)));
  ASSERT_EQ(faults_.list().size(), 2U);
  EXPECT_EQ(faults_.list()[0].fault.service, Service::blob);
  EXPECT_EQ(faults_.list()[0].fault.probability, 0.5);

  const auto listed = loop_.run_until_done(client.list());
  ASSERT_TRUE(listed) << listed.error().describe();
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(string_or(listed->at(1).as_object(), "id", ""), "f2");
  EXPECT_EQ(int_or(listed->at(1).as_object(), "struck", -1), 0);

  ASSERT_TRUE(loop_.run_until_done(client.remove("f1")));
  const auto again = loop_.run_until_done(client.remove("f1"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::not_found);
  ASSERT_TRUE(loop_.run_until_done(client.clear()));
  EXPECT_TRUE(faults_.list().empty());
}

TEST_F(ControlTest, RefusesAFaultThatMakesNoSense) {
  const ControlClient client(directory_);
  Fault fault;
  fault.status = 200;
  const auto added = loop_.run_until_done(client.add(fault));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::invalid_argument);
}

TEST_F(ControlTest, SaysThatNobodyServesTheDirectory) {
  listener_.reset();
  EXPECT_FALSE(std::filesystem::exists(control_socket(directory_)));
  const auto listed = loop_.run_until_done(ControlClient(directory_).list());
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, Code::unavailable);
  EXPECT_NE(listed.error().hint.find("drydock serve"), std::string::npos);
}

TEST(UnixListener, RefusesAPathThatNoSocketCanHave) {
  net::EventLoop loop;
  const auto listener = net::UnixListener::start(loop, "/tmp/" + std::string(200, 'x'), {});
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace drydock
