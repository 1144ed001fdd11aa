// SPDX-License-Identifier: Apache-2.0
#include "oci/registry_client.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "oci/assembly.hpp"
#include "oci/digest.hpp"

namespace ferry::oci {
namespace {

net::HttpResponse answer(int status, std::string body = "", net::Headers headers = {}) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

class RegistryTest : public ::testing::Test {
 protected:
  // Answers in the order of the script; a request beyond it is a failure.
  Transport scripted() {
    return [this](net::HttpCall call) { return play(std::move(call)); };
  }
  RegistryOptions options(std::string host = "reg.example") {
    RegistryOptions made;
    made.host = std::move(host);
    made.credential = RegistryCredential{"user", Secret("pass-word")};
    made.clock = &clock;
    made.sleep = [this](std::chrono::milliseconds pause) { return sleep(pause); };
    return made;
  }
  void then(int status, std::string body = "", net::Headers headers = {}) {
    steps.emplace_back(answer(status, std::move(body), std::move(headers)));
  }
  void then_fail() { steps.emplace_back(fail(Code::unavailable, "no connection")); }
  void then_challenge() {
    then(401, "",
         {{"WWW-Authenticate", R"(Bearer realm="https://auth.example/token",service="reg")"}});
  }
  void then_token(const char* token) {
    then(200, fmt::format(R"({{"access_token":"{}","expires_in":300}})", token));
  }
  template <class T>
  T run(net::Task<T> task) {
    return loop.run_until_done(std::move(task));
  }
  std::string asked(std::size_t index) const {
    return calls.at(index).method + " " + calls.at(index).url;
  }
  std::string authorization(std::size_t index) const {
    return calls.at(index).headers.get_or("Authorization", "");
  }

  net::EventLoop loop;
  ManualClock clock{from_unix_seconds(1'900'000'000)};
  std::deque<Result<net::HttpResponse>> steps;
  std::vector<net::HttpCall> calls;
  std::vector<std::int64_t> pauses;

 private:
  net::Task<Result<net::HttpResponse>> play(net::HttpCall call) {
    calls.push_back(std::move(call));
    if (steps.empty()) {
      ADD_FAILURE() << "unexpected request: " << asked(calls.size() - 1);
      co_return fail(Code::cancelled, "the script has ended");
    }
    Result<net::HttpResponse> step = std::move(steps.front());
    steps.pop_front();
    co_return step;
  }
  net::Task<void> sleep(std::chrono::milliseconds pause) {
    pauses.push_back(pause.count());
    clock.advance(pause);
    co_return;
  }
};

const std::string kBlob = "hello";
const std::string kDigest = sha256_digest(kBlob);

TEST_F(RegistryTest, AnswersAChallengeAndKeepsTheTokenPerScope) {
  RegistryClient client(scripted(), options());
  then_challenge();
  then_token("T1");
  then(200);
  then(404);
  EXPECT_TRUE(*run(client.has_blob("a/b", kDigest)));
  EXPECT_FALSE(*run(client.has_blob("a/b", kDigest)));
  EXPECT_EQ(asked(1),
            "GET https://auth.example/token?service=reg&scope=repository%3Aa%2Fb%3Apull%2Cpush"
            "&account=user");
  EXPECT_EQ(authorization(1), "Basic dXNlcjpwYXNzLXdvcmQ=");
  EXPECT_EQ(authorization(0), "");
  EXPECT_EQ(authorization(2), "Bearer T1");
  EXPECT_EQ(authorization(3), "Bearer T1");
  then_challenge();
  then_token("T2");
  then(200, kBlob);
  EXPECT_EQ(*run(client.get_blob("a/b", kDigest)), kBlob);
  EXPECT_EQ(authorization(4), "");  // another scope
}

TEST_F(RegistryTest, AsksForANewTokenWhenTheOldOneRunsOut) {
  RegistryClient client(scripted(), options());
  then_challenge();
  then_token("T1");
  then(200);
  run(client.has_blob("a", kDigest));
  clock.advance(std::chrono::seconds(290));
  then_challenge();
  then_token("T2");
  then(200);
  EXPECT_TRUE(*run(client.has_blob("a", kDigest)));
  EXPECT_EQ(authorization(5), "Bearer T2");
}

TEST_F(RegistryTest, AnswersABasicChallenge) {
  RegistryClient client(scripted(), options());
  then(401, "", {{"WWW-Authenticate", "Basic realm=\"x\""}});
  then(200);
  EXPECT_TRUE(run(client.ping()));
  EXPECT_EQ(authorization(1), "Basic dXNlcjpwYXNzLXdvcmQ=");
}

TEST_F(RegistryTest, TellsThatTheCredentialIsRefusedWithoutShowingIt) {
  RegistryClient client(scripted(), options());
  then_challenge();
  then(401, R"({"errors":[{"code":"UNAUTHORIZED","message":"wrong password"}]})");
  auto there = run(client.has_blob("a", kDigest));
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().code, Code::unauthenticated);
  EXPECT_NE(there.error().describe().find("wrong password"), std::string::npos);
  EXPECT_EQ(there.error().describe().find("pass-word"), std::string::npos);
}

TEST_F(RegistryTest, DoesNotSendTheCredentialInPlainHttp) {
  RegistryClient client(scripted(), options());
  then(401, "", {{"WWW-Authenticate", R"(Bearer realm="http://auth.example/token")"}});
  auto there = run(client.has_blob("a", kDigest));
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().code, Code::permission_denied);
  RegistryOptions plain = options();
  plain.plain_http = true;
  RegistryClient other(scripted(), plain);
  EXPECT_EQ(run(other.ping()).error().code, Code::permission_denied);
}

TEST_F(RegistryTest, FallsBackToPlainHttpOnLoopbackOnly) {
  RegistryClient client(scripted(), options("127.0.0.1:5000"));
  then_fail();
  then(200);
  then(200);
  EXPECT_TRUE(run(client.ping()));
  EXPECT_EQ(asked(2), "GET http://127.0.0.1:5000/v2/");
}

TEST_F(RegistryTest, UploadsToTheGivenAddress) {
  RegistryClient client(scripted(), options());
  then(404);
  then(202, "", {{"Location", "https://reg.example/v2/a/blobs/uploads/1?_state=x"}});
  then(201);
  EXPECT_TRUE(run(client.push_blob("a", kDigest, kBlob)));
  EXPECT_EQ(asked(1), "POST https://reg.example/v2/a/blobs/uploads/");
  EXPECT_EQ(asked(2), "PUT https://reg.example/v2/a/blobs/uploads/1?_state=x&digest=sha256%3A" +
                          kDigest.substr(7));
  EXPECT_EQ(calls[2].body, kBlob);
}

TEST_F(RegistryTest, BeginsAnUploadAgainWhenItIsLost) {
  RegistryClient client(scripted(), options());
  then(404);
  then(202, "", {{"Location", "/v2/a/blobs/uploads/1"}});
  then_fail();
  then(202, "", {{"Location", "/v2/a/blobs/uploads/2"}});
  then(201);
  EXPECT_TRUE(run(client.push_blob("a", kDigest, kBlob)));
  EXPECT_NE(asked(4).find("/uploads/2?digest="), std::string::npos);
}

TEST_F(RegistryTest, RefusesAnUploadElsewhere) {
  RegistryClient client(scripted(), options());
  then(404);
  then(202, "", {{"Location", "https://evil.example/upload"}});
  auto pushed = run(client.push_blob("a", kDigest, kBlob));
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, Code::permission_denied);
}

TEST_F(RegistryTest, WaitsWhenTheRegistryIsBusy) {
  RegistryClient client(scripted(), options());
  then(429, "", {{"Retry-After", "3"}});
  then(503);
  then(200);
  EXPECT_TRUE(run(client.ping()));
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{3000, 500}));
}

TEST_F(RegistryTest, DropsTheTokenWhenABlobIsServedElsewhere) {
  RegistryClient client(scripted(), options());
  then_challenge();
  then_token("T");
  then(307, "", {{"Location", "https://storage.example/blob?sig=s"}});
  then(200, kBlob);
  EXPECT_EQ(*run(client.get_blob("a", kDigest)), kBlob);
  EXPECT_EQ(authorization(2), "Bearer T");
  EXPECT_EQ(authorization(3), "");
}

TEST_F(RegistryTest, RefusesContentThatIsNotWhatItsDigestSays) {
  RegistryClient client(scripted(), options());
  then(200, "something else");
  EXPECT_EQ(run(client.get_blob("a", kDigest)).error().code, Code::internal);
  then(200, "{}", {{"Docker-Content-Digest", kDigest}});
  EXPECT_EQ(run(client.get_manifest("a", "latest")).error().code, Code::internal);
  then(201, "", {{"Docker-Content-Digest", kDigest}});
  EXPECT_EQ(run(client.put_manifest("a", "t", "m", "{}")).error().code, Code::internal);
}

TEST_F(RegistryTest, RefusesMalformedNamesBeforeAsking) {
  RegistryClient client(scripted(), options());
  EXPECT_FALSE(run(client.has_blob("../x", kDigest)));
  EXPECT_FALSE(run(client.get_blob("a", "latest")));
  EXPECT_FALSE(run(client.get_manifest("a", "..")));
  EXPECT_FALSE(run(client.list_tags("A")));
  EXPECT_TRUE(calls.empty());
}

TEST_F(RegistryTest, MountsOrSaysThatItCouldNot) {
  RegistryClient client(scripted(), options());
  then_challenge();
  then_token("T");
  then(201);
  EXPECT_TRUE(*run(client.mount_blob("a", kDigest, "base")));
  EXPECT_NE(asked(1).find("scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Abase%3Apull"),
            std::string::npos);
  then(202, "", {{"Location", "/v2/a/blobs/uploads/9"}});
  then(204);
  EXPECT_FALSE(*run(client.mount_blob("a", kDigest, "base")));
  EXPECT_EQ(asked(4), "DELETE https://reg.example/v2/a/blobs/uploads/9");
}

TEST_F(RegistryTest, ListsTagsOverPages) {
  RegistryClient client(scripted(), options());
  then(200, R"({"name":"a","tags":["1","2"]})",
       {{"Link", R"(</v2/a/tags/list?last=2&n=500>; rel="next")"}});
  then(200, R"({"name":"a","tags":["3"]})");
  EXPECT_EQ(*run(client.list_tags("a")), (std::vector<std::string>{"1", "2", "3"}));
  then(200, R"({"name":"a","tags":null})");
  EXPECT_TRUE(run(client.list_tags("a"))->empty());
}

TEST_F(RegistryTest, PushesOnlyWhatIsMissingAndTheManifestLast) {
  RegistryClient client(scripted(), options());
  ImageSpec spec;
  BaseImage base;
  base.repository = "base";
  base.digest = kDigest;
  base.manifest.layers.push_back({std::string(media::kLayerTar), kDigest, 5});
  base.config.diff_ids.push_back(kDigest);
  spec.base = base;
  spec.layers.push_back(*make_layer({{.path = "app", .content = "x"}}));
  spec.layers.push_back(spec.layers.front());  // sent once
  then(404);                                   // base layer
  then(201);                                   // mounted
  then(200);                                   // application layer is there
  then(404);                                   // configuration
  then(404);
  then(202, "", {{"Location", "/v2/app/blobs/uploads/1"}});
  then(201);
  then(201);  // manifest
  auto report = run(push_image(client, "app", "1.0", spec));
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(report->blobs_mounted, 1);
  EXPECT_EQ(report->blobs_present, 1);
  EXPECT_EQ(report->blobs_sent, 1);
  EXPECT_EQ(report->digest, assemble(spec)->digest);
  EXPECT_EQ(calls.back().url, "https://reg.example/v2/app/manifests/1.0");
  EXPECT_EQ(calls.back().headers.get_or("Content-Type", ""), media::kManifest);
}

TEST_F(RegistryTest, LeavesNoManifestWhenABlobCannotBeStored) {
  RegistryClient client(scripted(), options());
  ImageSpec spec;
  spec.layers.push_back(*make_layer({{.path = "app", .content = "x"}}));
  then(404);
  then(404);
  then(403, R"({"errors":[{"code":"DENIED","message":"push is not allowed"}]})");
  auto report = run(push_image(client, "app", "1.0", spec));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::permission_denied);
  for (const auto& call : calls) EXPECT_EQ(call.url.find("/manifests/"), std::string::npos);
}

TEST_F(RegistryTest, ResolvesABaseThroughAnIndex) {
  RegistryClient client(scripted(), options());
  ImageConfig config;
  config.diff_ids = {kDigest};
  const std::string config_body = write_config(config);
  Manifest manifest;
  manifest.config = {std::string(media::kConfig), sha256_digest(config_body), config_body.size()};
  manifest.layers.push_back({std::string(media::kLayerTar), kDigest, 5});
  const std::string manifest_body = write_manifest(manifest);
  Index index;
  index.manifests.push_back({std::string(media::kManifest), sha256_digest(manifest_body),
                             manifest_body.size(), Platform{}});
  then(200, write_index(index), {{"Content-Type", std::string(media::kIndex)}});
  then(200, manifest_body, {{"Content-Type", std::string(media::kManifest)}});
  then(200, config_body);
  auto base = run(resolve_base(client, "base", "latest", {}));
  ASSERT_TRUE(base) << base.error().describe();
  EXPECT_EQ(base->digest, sha256_digest(manifest_body));
  EXPECT_EQ(base->manifest.layers.size(), 1u);
  then(200, write_index(index), {{"Content-Type", std::string(media::kIndex)}});
  auto arm = run(resolve_base(client, "base", "latest", {"arm64", "linux"}));
  ASSERT_FALSE(arm);
  EXPECT_EQ(arm.error().code, Code::not_found);
}

}  // namespace
}  // namespace ferry::oci
