// SPDX-License-Identifier: Apache-2.0
#include "cli/rollout_view.hpp"

#include <gmock/gmock.h>

#include "cli/rollout_commands.hpp"

namespace ferry::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json::object sample() {
  return *parse_json_object(R"({
    "id": "rol-1", "state": "running", "startedBy": "ann", "startedAt": "2026-11-25T00:00:00Z",
    "reason": null, "trouble": null, "wave": 2,
    "waves": [{"name": "pump-7", "state": "passed", "nodes": 1, "verdicts": {"done": 1}},
              {"name": "50%", "state": "open", "nodes": 4, "verdicts": {"done": 3, "downloading": 1}},
              {"name": "100%", "state": "waiting", "nodes": 5, "verdicts": {}}],
    "groups": [{"group": "line-1", "composition": 4, "previous": 3, "returned": false, "lateJoiners": 2},
               {"group": "line-2", "composition": 7, "previous": 7, "returned": false, "lateJoiners": 0}],
    "troubled": [{"node": "pump-9", "wave": 2, "verdict": "offline", "reason": null}],
    "events": [{"at": "2026-11-25T10:00:03.120Z", "what": "wave 1 of 3 (pump-7) begins"}]})");
}

TEST(RolloutView, SaysWhereItIsInOneLine) {
  auto rollout = sample();
  EXPECT_EQ(rollout_line(rollout), "running: wave 2 of 3 (50%): 3 done, 1 downloading");
  rollout["trouble"] = "the cloud is away";
  EXPECT_EQ(rollout_line(rollout), "running: the cloud is away");
  EXPECT_FALSE(rollout_is_over(rollout));
  rollout["state"] = "returned";
  EXPECT_TRUE(rollout_is_over(rollout));
}

TEST(RolloutView, ShowsWavesGroupsTroubleAndHistory) {
  const ManualClock clock(from_unix_seconds(1'795'570'000));
  const auto text = show_rollout(sample(), clock, false);
  EXPECT_THAT(text, HasSubstr("line-1: composition 3 -> 4, 2 late joiners on 3 until the end"));
  EXPECT_THAT(text, Not(HasSubstr("line-2"))) << "nothing changes there";
  EXPECT_THAT(text, HasSubstr("2. 50%              open     4 nodes: 3 done, 1 downloading"));
  EXPECT_THAT(text, HasSubstr("pump-9 (wave 2) is offline"));
  EXPECT_THAT(rollout_events(sample()), ElementsAre("10:00:03  wave 1 of 3 (pump-7) begins"));
}

TEST(RolloutOptions, MakeAPolicyAndWithoutAnyThereIsNone) {
  EXPECT_FALSE(rollout_policy({})->has_value());
  RolloutOptions options;
  options.canaries = {"pump-7"};
  options.waves = "5%, 25%,100%";
  options.max_failures = "2%";
  const auto policy = rollout_policy(options);
  ASSERT_TRUE(policy && *policy);
  EXPECT_EQ(json::serialize(**policy),
            R"({"canaries":["pump-7"],"waves":["5%","25%","100%"],"maxFailures":"2%"})");
  options.file = "/does/not/exist";
  EXPECT_FALSE(rollout_policy(options));
}

}  // namespace
}  // namespace ferry::cli
