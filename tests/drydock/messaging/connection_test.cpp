// SPDX-License-Identifier: Apache-2.0
// Whole conversations of peers, as bytes; and what the fuzz target began with and has found.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.hpp"
#include "fuzz/amqp_property.hpp"

namespace drydock::messaging {
namespace {

std::filesystem::path corpus() {
  return std::filesystem::path(__FILE__).parent_path() / "../../../fuzz/corpus/amqp";
}

std::string said_to(const std::string& name) {
  const auto bytes = ferry::read_file(corpus() / name);
  EXPECT_TRUE(bytes) << name;
  return bytes ? fuzzing::try_amqp(*bytes) : "";
}

TEST(AmqpConnection, SurvivesWhatFuzzingBeganWithAndFound) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus())) {
    fuzzing::try_amqp(ferry::read_file(entry.path()).value());
    ++count;
  }
  EXPECT_GE(count, 3);
}

TEST(AmqpConnection, TakesABatchAndGivesItsEventsToAReader) {
  const std::string answer = said_to("send-and-receive");
  EXPECT_NE(answer.find("x-opt-sequence-number"), std::string::npos);
  for (const char* body : {"first body", "second body"}) {
    EXPECT_NE(answer.find(body), std::string::npos) << body;
  }
}

TEST(AmqpConnection, OffersTheMechanismsThatClientsInsistOn) {
  const std::string answer = said_to("sasl-plain");
  for (const char* mechanism : {"MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL"}) {
    EXPECT_NE(answer.find(mechanism), std::string::npos) << mechanism;
  }
}

TEST(AmqpConnection, AnswersAPutToken) {
  EXPECT_NE(said_to("put-token").find("status-code"), std::string::npos);
}

TEST(AmqpConnection, SaysWhatIsWrongWithFrames) {
  const std::string answer = fuzzing::try_amqp(std::string("AMQP\0\1\0\0\0\0\0\3xxxx", 16));
  EXPECT_NE(answer.find("amqp:"), std::string::npos);
}

}  // namespace
}  // namespace drydock::messaging
