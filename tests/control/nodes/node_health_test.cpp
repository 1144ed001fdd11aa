// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/node_health.hpp"

#include <gtest/gtest.h>

#include "control/nodes/node_report.hpp"

namespace ferry::control {
namespace {

ModuleStatus module(const char* status, const char* runtime_status) {
  ModuleStatus module;
  module.status = status;
  module.runtime_status = runtime_status;
  return module;
}

NodeReport report_of(std::vector<ModuleStatus> modules) {
  NodeReport report;
  report.connected = true;
  report.desired_status = NodeView::DesiredStatus{200, ""};
  report.modules = std::move(modules);
  return report;
}

TEST(NodeHealth, TheWorstThatIsKnownCounts) {
  const auto good = report_of({module("running", "running"), module("stopped", "stopped")});
  EXPECT_EQ(health_of(true, &good), NodeHealth::online);
  EXPECT_EQ(health_of(false, &good), NodeHealth::not_registered);
  EXPECT_EQ(health_of(true, nullptr), NodeHealth::offline);

  const auto starting = report_of({module("running", "running"), module("running", "unknown")});
  EXPECT_EQ(health_of(true, &starting), NodeHealth::changing);
  const auto ended = report_of({module("running", "stopped")});
  EXPECT_EQ(health_of(true, &ended), NodeHealth::changing);
  auto failing = report_of({module("running", "unknown"), module("running", "backoff")});
  EXPECT_EQ(health_of(true, &failing), NodeHealth::failing);
  failing.desired_status->code = 400;
  EXPECT_EQ(health_of(true, &failing), NodeHealth::refused);
  failing.connected = false;
  EXPECT_EQ(health_of(true, &failing), NodeHealth::offline);
}

TEST(NodeHealth, EveryOneIsKnownByItsName) {
  for (const auto health : kNodeHealths) {
    EXPECT_EQ(*parse_node_health(to_string(health)), health);
  }
  const auto unknown = parse_node_health("happy");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("'not-registered'"), std::string::npos);
}

}  // namespace
}  // namespace ferry::control
