// SPDX-License-Identifier: Apache-2.0
#include "fleet/drift.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::fleet {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

DesiredResource some_hub() {
  DesiredResource hub;
  hub.key = keys::kIotHub;
  hub.title = "IoT Hub";
  hub.name = "plant-a-x";
  hub.expectations = {{"properties.events.retentionTimeInDays", 1, true},
                      {"properties.events.partitionCount", 4, false},
                      {"sku.name", json::value("S1"), true}};
  return hub;
}

json::object as_made() {
  return *parse_json_object(
      R"({"sku": {"name": "S1"}, "tags": {"mine": "yes"},
          "properties": {"events": {"retentionTimeInDays": 1.0, "partitionCount": 4}}})");
}

TEST(Drift, IsNothingWhereAllIsAsMade) {
  EXPECT_THAT(find_drift(some_hub(), as_made()), IsEmpty());
}

TEST(Drift, NamesWhatIsGone) {
  const auto found = find_drift(some_hub(), std::nullopt);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, DriftKind::missing);
  EXPECT_EQ(found[0].message, "IoT Hub plant-a-x is gone");
}

TEST(Drift, NamesWhatHasChangedAndWhetherItCanBeMended) {
  auto document = as_made();
  document["properties"].as_object()["events"] = json::object{{"retentionTimeInDays", 7}};
  const auto found = find_drift(some_hub(), document);
  EXPECT_THAT(found, ElementsAre(Field(&Drift::mendable, true), Field(&Drift::mendable, false)));
  EXPECT_EQ(found[0].message,
            "IoT Hub plant-a-x: properties.events.retentionTimeInDays is 7, not 1");
  EXPECT_EQ(found[1].actual, "not there");
}

TEST(Drift, IsMendedWithoutTouchingWhatOthersAdded) {
  auto document = as_made();
  document["sku"] = json::object{{"name", "S2"}};
  document["properties"].as_object()["events"].as_object()["retentionTimeInDays"] = 7;
  const auto mended_document = mended(some_hub(), document);
  EXPECT_THAT(find_drift(some_hub(), mended_document), IsEmpty());
  EXPECT_EQ(mended_document.at("tags").at("mine"), "yes");
}

TEST(Drift, SurvivesJson) {
  for (const auto& drift : find_drift(some_hub(), json::object{})) {
    EXPECT_EQ(*drift_from_json(to_json(drift)), drift);
  }
  EXPECT_FALSE(drift_from_json(json::object{{"kind", "odd"}}));
}

}  // namespace
}  // namespace ferry::fleet
