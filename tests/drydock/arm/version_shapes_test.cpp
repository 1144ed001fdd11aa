// SPDX-License-Identifier: Apache-2.0
// What clients of older api-versions, azure-cli 2.45 above all, send and get.
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

std::string at_version(std::string path, std::string_view version) {
  return path.substr(0, path.find("api-version=")) + "api-version=" + std::string(version);
}

TEST_F(ArmTest, AnswersEachVersionWithTheMembersThatItKnows) {
  create_group();
  create_hub("hub-one");
  const std::string containers = "properties.routing.endpoints.cosmosDBSqlContainers";
  const std::string collections = "properties.routing.endpoints.cosmosDBSqlCollections";
  const Reply older = send("GET", at_version(hub_path("hub-one"), "2022-04-30-preview"));
  EXPECT_EQ(older.at(collections), "[]");
  EXPECT_EQ(older.at(containers), "");
  for (const std::string_view version : {"2023-06-30", "2023-06-30-preview"}) {
    const Reply newer = send("GET", at_version(hub_path("hub-one"), version));
    EXPECT_EQ(newer.at(containers), "[]");
    EXPECT_EQ(newer.at(collections), "");
  }
}

TEST_F(ArmTest, ShapesTheItemsOfListsToo) {
  create_group();
  create_hub("hub-one");
  const std::string list = group() + "/providers/Microsoft.Devices/IotHubs?api-version=";
  EXPECT_NE(send("GET", list + "2022-04-30-preview").text.find("cosmosDBSqlCollections"),
            std::string::npos);
  EXPECT_EQ(send("GET", list + "2023-06-30").text.find("cosmosDBSqlCollections"),
            std::string::npos);
}

TEST_F(ArmTest, WritesTheSourceOfARouteAsTheServiceDoes) {
  create_group();
  create_hub("hub-one");
  Reply shown = send("GET", hub_path("hub-one"));
  shown.body["properties"].at("routing").as_object()["routes"] = json::array{json::object{
      {"name", "all"}, {"source", "devicemessages"}, {"endpointNames", json::array{"events"}}}};
  EXPECT_EQ(send("PUT", hub_path("hub-one"), json::serialize(shown.body)).status, 201);
  let_operations_end();
  EXPECT_NE(send("GET", hub_path("hub-one")).text.find(R"("source":"DeviceMessages")"),
            std::string::npos);
}

TEST_F(ArmTest, ForgivesASlashTooMany) {
  create_group();
  EXPECT_EQ(send("GET", "/" + group() + "?api-version=2022-09-01").status, 200);
}

// {'IF-MATCH': '...'} is what azure-cli 2.45 writes into the header; the body repeats the ETag.
TEST_F(ArmTest, TakesTheBodysEtagWhenTheHeaderIsNone) {
  create_group();
  create_hub("hub-one");
  Reply shown = send("GET", hub_path("hub-one"));
  const std::string header = "{'IF-MATCH': '" + shown.at("etag") + "'}";
  EXPECT_EQ(send_if_match("PUT", hub_path("hub-one"), header, shown.text).status, 201);
  let_operations_end();
  EXPECT_EQ(send_if_match("PUT", hub_path("hub-one"), header, shown.text).status, 412)
      << "the ETag has changed with the first write";
}

}  // namespace
}  // namespace drydock::arm::test
