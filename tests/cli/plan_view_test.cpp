// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_view.hpp"

#include <gtest/gtest.h>

namespace ferry::cli {
namespace {

constexpr std::string_view kPlan = R"({
  "groups": [{"group": "line-1", "nodes": 3, "manifestBytes": 2117, "manifestLimit": 32768,
    "added": [{"component": "sampler", "version": "1.0.0"}],
    "updated": [{"component": "x", "from": "1.0.0", "to": "1.1.0"}],
    "removed": [{"component": "y", "version": "1.0.0"}],
    "unchanged": [{"component": "z", "version": "2.0.0"}]}],
  "conflicts": [{"group": "line-1", "component": "x", "nodes": 3,
    "versions": [{"version": "1.0.0", "deployments": ["base"]},
                 {"version": "1.1.0", "deployments": ["extra", "more"]}],
    "resolutions": ["move both to one version"]}],
  "problems": ["the manifest is too long"], "applicable": false})";

TEST(PlanView, SaysEveryChangeByName) {
  const auto plan = parse_json_object(kPlan).value();
  EXPECT_EQ(show_plan(plan, false),
            "line-1 (3 nodes, manifest 2117 of 32768 bytes)\n"
            "  + sampler 1.0.0\n"
            "  ~ x 1.0.0 -> 1.1.0\n"
            "  - y 1.0.0, from 3 nodes\n"
            "  = z 2.0.0\n"
            "conflict: line-1 would get more than one version of x (3 nodes)\n"
            "  1.0.0 wanted by base\n"
            "  1.1.0 wanted by extra, more\n"
            "  * move both to one version\n"
            "problem: the manifest is too long\n");
  EXPECT_TRUE(plan_has_removals(plan));
  EXPECT_TRUE(plan_has_conflicts(plan));
}

TEST(PlanView, AnEmptyPlanIsEmpty) {
  EXPECT_EQ(show_plan({}, false), "");
  EXPECT_FALSE(plan_has_removals({}));
}

}  // namespace
}  // namespace ferry::cli
