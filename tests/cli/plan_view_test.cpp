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
    "unchanged": [{"component": "z", "version": "2.0.0"}],
    "pulls": [{"platform": "linux/amd64", "nodes": 2, "bytes": 4100000},
              {"platform": "linux/arm64", "nodes": 1, "bytes": 0}],
    "offline": {"count": 21, "names": ["n1", "n2"]},
    "unregistered": {"count": 0, "names": []},
    "behind": [{"composition": 3, "nodes": 1, "added": [{"component": "z", "version": "2.0.0"}],
                "updated": [], "removed": [], "unchanged": []}]}],
  "conflicts": [{"group": "line-1", "component": "x", "nodes": 3,
    "versions": [{"version": "1.0.0", "deployments": ["base"]},
                 {"version": "1.1.0", "deployments": ["extra", "more"]}],
    "resolutions": [{"kind": "align", "words": "move base to x 1.1.0", "edits": []},
                    {"kind": "drop", "words": "drop x from base", "edits": []}]}],
  "problems": ["the manifest is too long"], "warnings": ["z is old"], "applicable": false})";

TEST(PlanView, SaysEveryChangeByName) {
  const auto plan = parse_json_object(kPlan).value();
  EXPECT_EQ(show_plan(plan, false),
            "line-1 (3 nodes, manifest 2117 of 32768 bytes)\n"
            "  + sampler 1.0.0\n"
            "  ~ x 1.0.0 -> 1.1.0\n"
            "  - y 1.0.0, from 3 nodes\n"
            "  = z 2.0.0\n"
            "    2 nodes on linux/amd64 fetch 4.1 MB\n"
            "    21 nodes are offline, to get it later: n1, n2, ...\n"
            "    1 node still on composition 3:\n"
            "      + z 2.0.0\n"
            "conflict: line-1 would get more than one version of x (3 nodes)\n"
            "  1.0.0 wanted by base\n"
            "  1.1.0 wanted by extra, more\n"
            "  1) move base to x 1.1.0\n"
            "  2) drop x from base\n"
            "problem: the manifest is too long\n"
            "note: z is old\n");
  EXPECT_EQ(resolutions_of(plan).size(), 2U);
  EXPECT_TRUE(plan_has_removals(plan));
  EXPECT_TRUE(plan_has_conflicts(plan));
}

TEST(PlanView, AnEmptyPlanIsEmpty) {
  EXPECT_EQ(show_plan({}, false), "");
  EXPECT_FALSE(plan_has_removals({}));
}

}  // namespace
}  // namespace ferry::cli
