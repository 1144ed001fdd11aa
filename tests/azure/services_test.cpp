// SPDX-License-Identifier: Apache-2.0
#include "azure/blob/client.hpp"
#include "azure/dps/client.hpp"
#include "azure/iot_hub/client.hpp"
#include "tests/azure/scripted.hpp"

namespace ferry::azure {
namespace {

class HubTest : public ScriptedTest {
 protected:
  IotHubClient hub() {
    return IotHubClient(pipeline(), {"h.example:8443", "service", Secret("QUJD")});
  }
};

TEST_F(HubTest, SignsForTheHostAndEncodesIds) {
  script.then(200, R"({"deviceId":"a b/c","etag":"E","capabilities":{"iotEdge":true},
                       "authentication":{"type":"selfSigned","x509Thumbprint":{
                       "primaryThumbprint":"AA","secondaryThumbprint":"BB"}}})");
  auto client = hub();
  auto device = run(client.get_device("a b/c"));
  ASSERT_TRUE(device) << device.error().describe();
  EXPECT_TRUE(device->iot_edge);
  EXPECT_EQ(device->authentication.type, AuthenticationType::self_signed);
  EXPECT_EQ(device->authentication.primary_thumbprint, "AA");
  EXPECT_EQ(script.asked().front(),
            "GET https://h.example:8443/devices/a%20b%2Fc?api-version=2021-04-12");
  EXPECT_TRUE(script.calls.front()
                  .headers.get_or("Authorization", "")
                  .starts_with("SharedAccessSignature sr=h.example&sig="));
}

TEST_F(HubTest, CreatesWithoutIfMatchAndUpdatesWithQuotes) {
  script.then(200, R"({"deviceId":"d"})").then(200, R"({"deviceId":"d"})");
  auto client = hub();
  DeviceIdentity device;
  device.device_id = "d";
  device.etag = "old";
  ASSERT_TRUE(run(client.create_device(device)));
  ASSERT_TRUE(run(client.update_device(device, "MQ==")));
  EXPECT_FALSE(script.calls[0].headers.contains("If-Match"));
  EXPECT_EQ(script.calls[1].headers.get_or("If-Match", ""), "\"MQ==\"");
}

TEST_F(HubTest, ReadsAModuleTwinWithItsMarks) {
  script.then(200, R"({"deviceId":"d","moduleId":"$edgeAgent","etag":"E","version":9,
      "properties":{"desired":{"a":1,"$version":3},"reported":{"$version":1}},
      "configurations":{"base-7":{"status":"Applied"}}})");
  auto client = hub();
  auto twin = run(client.get_twin({"d", "$edgeAgent"}));
  ASSERT_TRUE(twin);
  EXPECT_EQ(script.asked().front(),
            "GET https://h.example:8443/twins/d/modules/%24edgeAgent?api-version=2021-04-12");
  EXPECT_EQ(twin->configurations.at("base-7"), "Applied");
  EXPECT_EQ(int_or(twin->desired, "$version", 0), 3);
}

TEST_F(HubTest, FollowsContinuationsOfAQuery) {
  script.then(200, R"([{"deviceId":"a"}])", {{"x-ms-continuation", "next"}})
      .then(200, R"([{"deviceId":"b"}])");
  auto client = hub();
  auto rows = run(client.query("select * from devices"));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 2u);
  EXPECT_EQ(script.calls[1].headers.get_or("x-ms-continuation", ""), "next");
  EXPECT_EQ(script.calls[0].body, script.calls[1].body);
}

TEST_F(HubTest, StopsAQueryAtItsLimit) {
  script.then(200, R"([{},{},{}])", {{"x-ms-continuation", "next"}});
  auto client = hub();
  auto rows = run(client.query("q", 2));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, Code::resource_exhausted);
}

TEST_F(HubTest, WritesAndReadsAConfiguration) {
  script.then(
      200, R"({"id":"g-1","priority":10,"labels":{"group":"g"},"targetCondition":"*","etag":"MQ==",
      "content":{"modulesContent":{}},"systemMetrics":{"results":{"targetedCount":4}},
      "metrics":{"results":{"hot":2},"queries":{"hot":"select 1"}}})");
  auto client = hub();
  Configuration configuration;
  configuration.id = "g-1";
  configuration.priority = 10;
  configuration.target_condition = "tags.group='g'";
  configuration.labels["group"] = "g";
  configuration.content = {{"modulesContent", json::object()}};
  configuration.etag = "stale";
  auto made = run(client.create_configuration(configuration));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(made->system_metrics.at("targetedCount"), 4);
  EXPECT_EQ(made->metric_queries.at("hot"), "select 1");
  const json::value body = *parse_json(script.calls[0].body);
  EXPECT_EQ(string_or(body.as_object(), "targetCondition", ""), "tags.group='g'");
  EXPECT_FALSE(body.as_object().contains("etag"));
}

TEST_F(HubTest, TellsThatADeviceIsNotOnline) {
  script.then(404, R"({"Message":"ErrorCode:DeviceNotOnline;not connected"})");
  auto client = hub();
  MethodCall method;
  method.name = "ping";
  auto result = run(client.call_method({"d"}, method));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::not_found);
  EXPECT_NE(result.error().describe().find("DeviceNotOnline"), std::string::npos);
}

TEST_F(HubTest, DoesNotCallAMethodTwice) {
  script.then_fail(Code::unavailable);
  auto client = hub();
  EXPECT_FALSE(run(client.call_method({"d", "m"}, {})));
  EXPECT_EQ(script.calls.size(), 1u);
}

TEST_F(HubTest, DeletesWhatIsGoneAlready) {
  script.then(404, R"({"Message":"ErrorCode:ConfigurationNotFound;x"})").then(204);
  auto client = hub();
  EXPECT_TRUE(run(client.delete_configuration("c")));
  EXPECT_TRUE(run(client.delete_device("d")));
}

TEST_F(HubTest, RefusesAnswersOfTheWrongShape) {
  auto client = hub();
  script.then(200, "[]");
  EXPECT_FALSE(run(client.get_device("d")));
  script.then(200, "{}");
  EXPECT_FALSE(run(client.list_configurations()));
  script.then(200, "{}");
  EXPECT_FALSE(run(client.get_twin({"d"})));
  script.then(200, "[1]");
  EXPECT_FALSE(run(client.list_devices()));
}

class DpsTest : public ScriptedTest {
 protected:
  DpsClient dps() { return DpsClient(pipeline(), {"d.example", "owner", Secret("QUJD")}); }
  static EnrollmentGroup group() {
    EnrollmentGroup made;
    made.id = "cranes";
    made.primary_certificate_pem = "PEM";
    made.iot_hubs = {"h.example"};
    made.initial_tags = {{"group", "cranes"}};
    return made;
  }
};

TEST_F(DpsTest, CreatesAnEnrollmentGroup) {
  script.then(404).then(
      200, R"({"enrollmentGroupId":"cranes","etag":"\"1\"","provisioningStatus":"enabled",
      "capabilities":{"iotEdge":true},"attestation":{"x509":{"signingCertificates":{"primary":{"info":
      {"sha256Thumbprint":"AB"}}}}}})");
  auto client = dps();
  auto made = run(client.put_group(group()));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(made->primary_thumbprint, "AB");
  EXPECT_EQ(made->etag, "\"1\"");
  const json::value body = *parse_json(script.calls[1].body);
  EXPECT_EQ(string_or(body.as_object(), "allocationPolicy", ""), "static");
  EXPECT_TRUE(find_path(body, "capabilities.iotEdge")->as_bool());
  EXPECT_EQ(find_path(body, "initialTwin.tags.group")->as_string(), "cranes");
  EXPECT_EQ(
      find_path(body, "attestation.x509.signingCertificates.primary.certificate")->as_string(),
      "PEM");
}

TEST_F(DpsTest, DoesNotReplaceAGroupThatIsThere) {
  script.then(200, R"({"enrollmentGroupId":"cranes","etag":"1"})");
  auto client = dps();
  auto made = run(client.put_group(group()));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::conflict);
}

TEST_F(DpsTest, SendsTheEtagAsRead) {
  script.then(412, R"({"errorCode":412001,"message":"changed"})");
  auto client = dps();
  auto changed = group();
  changed.etag = "\"1a00\"";
  auto made = run(client.put_group(changed));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::precondition_failed);
  EXPECT_EQ(script.calls[0].headers.get_or("If-Match", ""), "\"1a00\"");
}

TEST_F(DpsTest, ListsRegistrationsOverPages) {
  script
      .then(200, R"([{"registrationId":"a","status":"assigned","assignedHub":"h"}])",
            {{"x-ms-continuation", "p2"}})
      .then(200, R"([{"registrationId":"b","status":"failed","errorCode":400207}])");
  auto client = dps();
  auto states = run(client.list_registrations("cranes"));
  ASSERT_TRUE(states);
  ASSERT_EQ(states->size(), 2u);
  EXPECT_EQ((*states)[1].error_code, 400207);
}

class BlobTest : public ScriptedTest {
 protected:
  BlobClient blobs() {
    return BlobClient(pipeline(), "https://acct.blob.core.windows.net/", {"acct", Secret("QUJD")});
  }
};

TEST_F(BlobTest, EncodesNamesAndKeepsSlashes) {
  script.then(201, "", {{"ETag", "\"0x1\""}});
  auto client = blobs();
  auto put = run(client.put("c", "a b/ü#?.txt", "hello", {.content_type = "text/plain"}));
  ASSERT_TRUE(put) << put.error().describe();
  EXPECT_EQ(script.asked().front(),
            "PUT https://acct.blob.core.windows.net/c/a%20b/%C3%BC%23%3F.txt");
  const auto& headers = script.calls.front().headers;
  EXPECT_EQ(headers.get_or("x-ms-blob-type", ""), "BlockBlob");
  EXPECT_EQ(headers.get_or("x-ms-version", ""), "2021-12-02");
  EXPECT_EQ(headers.get_or("x-ms-blob-content-md5", ""), "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_TRUE(headers.get_or("Authorization", "").starts_with("SharedKey acct:"));
  EXPECT_EQ(put->etag, "\"0x1\"");
}

TEST_F(BlobTest, TellsThatTheBlobExists) {
  auto client = blobs();
  script.then(409, "<Error><Code>BlobAlreadyExists</Code><Message>m</Message></Error>");
  auto put = run(client.put("c", "b", "", {.only_if_absent = true}));
  EXPECT_EQ(put.error().code, Code::conflict);
  EXPECT_EQ(script.calls[0].headers.get_or("If-None-Match", ""), "*");
  script.then(412);
  put = run(client.put("c", "b", "", {.only_if_absent = true}));
  EXPECT_EQ(put.error().code, Code::conflict);
}

TEST_F(BlobTest, SendsLargeBlobsInBlocks) {
  auto client = blobs();
  for (int i = 0; i < 5; ++i) script.then(201);
  script.then(201, "", {{"ETag", "\"e\""}});
  const std::size_t size = (std::size_t{64} << 20) + 1;
  auto put = run(client.put("c", "big", std::string(size, 'x')));
  ASSERT_TRUE(put) << put.error().describe();
  EXPECT_EQ(put->size, size);
  EXPECT_EQ(script.calls[4].body.size(), 1u);
  EXPECT_NE(script.calls[0].url.find("comp=block&blockid=YmxvY2stMDAwMDAw"), std::string::npos);
  EXPECT_NE(script.calls[5].body.find("<Latest>YmxvY2stMDAwMDA0</Latest></BlockList>"),
            std::string::npos);
}

TEST_F(BlobTest, TakesAnExistingContainerAsMade) {
  auto client = blobs();
  script.then(409, "<Error><Code>ContainerAlreadyExists</Code></Error>");
  EXPECT_TRUE(run(client.ensure_container("c")));
  script.then(409, "<Error><Code>ContainerBeingDeleted</Code></Error>");
  EXPECT_FALSE(run(client.ensure_container("c")));
}

TEST_F(BlobTest, FollowsMarkersEvenOverEmptyPages) {
  const auto page = [](const char* blobs, const char* marker) {
    return fmt::format(
        "<?xml version=\"1.0\"?><EnumerationResults><Blobs>{}</Blobs><NextMarker>{}</NextMarker>"
        "</EnumerationResults>",
        blobs, marker);
  };
  auto client = blobs();
  script
      .then(200, page("<Blob><Name>a</Name><Properties><Content-Length>5</Content-Length><Etag>0x1"
                      "</Etag></Properties></Blob>",
                      "m1"))
      .then(200, page("", "m 2"))
      .then(200, page("<Blob><Name Encoded=\"true\">b%01</Name><Properties/></Blob>", ""));
  auto listed = run(client.list("c", "p/"));
  ASSERT_TRUE(listed) << listed.error().describe();
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[0].size, 5u);
  EXPECT_EQ((*listed)[0].etag, "\"0x1\"");
  EXPECT_EQ((*listed)[1].name, "b\x01");
  EXPECT_NE(script.calls[2].url.find("marker=m%202"), std::string::npos);
}

TEST(BlobList, RefusesWhatIsNoList) {
  for (const char* text : {"", "<", "<Error/>", "{}", "<EnumerationResults><Blobs>"}) {
    EXPECT_FALSE(parse_blob_list(text)) << text;
  }
}

TEST(BlobList, ReadsPrefixes) {
  auto page = parse_blob_list(
      "<EnumerationResults><Blobs><BlobPrefix><Name>d &amp; e/</Name></BlobPrefix></Blobs>"
      "<NextMarker/></EnumerationResults>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->prefixes, std::vector<std::string>{"d & e/"});
  EXPECT_EQ(page->marker, "");
}

}  // namespace
}  // namespace ferry::azure
