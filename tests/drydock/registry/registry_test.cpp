// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <fstream>

#include "base/crypto.hpp"
#include "drydock/registry/service.hpp"

namespace drydock::registry {
namespace {

namespace json = ferry::json;
const ferry::Timestamp kNow = *ferry::parse_rfc3339("2026-11-22T10:00:00Z");
constexpr const char* kHost = "plant.azurecr.drydock.localhost";
constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";

class FakeDirectory final : public Directory {
 public:
  RegistryInfo registry{"Plant", kHost, true, {ferry::Secret("one"), ferry::Secret("two")}, {}};

  FakeDirectory() {
    registry.tokens.push_back(
        {"line-1",
         true,
         {{ferry::Secret("pull-only"), kNow + std::chrono::hours(1)}},
         {"repositories/line-1/*/content/read", "repositories/shared/content/read"}});
  }
  std::optional<HubInfo> find_hub(std::string_view) const override { return std::nullopt; }
  std::optional<ProvisioningServiceInfo> find_provisioning_service(
      std::string_view) const override {
    return std::nullopt;
  }
  std::optional<ProvisioningServiceInfo> find_provisioning_service_by_scope(
      std::string_view) const override {
    return std::nullopt;
  }
  std::optional<StorageAccountInfo> find_storage_account(std::string_view) const override {
    return std::nullopt;
  }
  std::optional<RegistryInfo> find_registry(std::string_view name) const override {
    if (!ferry::equals_ignore_case(name, registry.name)) return std::nullopt;
    return registry;
  }
};

class FakeVerifier final : public TokenVerifier {
 public:
  std::optional<TokenIdentity> verify(std::string_view jwt,
                                      const std::vector<std::string>& audiences) const override {
    if (jwt != "entra-token") return std::nullopt;
    return TokenIdentity{"someone", "application", audiences.front()};
  }
};

class Registry : public ::testing::Test {
 protected:
  Registry() {
    std::string text = (std::filesystem::temp_directory_path() / "registry-test-XXXXXX").string();
    directory_path = ::mkdtemp(text.data());
    reopen();
  }
  ~Registry() override {
    service.reset();
    std::filesystem::remove_all(directory_path);
  }

  void reopen() {
    service.reset();
    auto opened = RegistryService::open(clock, directory, endpoints, verifier, directory_path);
    ASSERT_TRUE(opened) << opened.error().describe();
    service = *std::move(opened);
  }

  net::HttpResponse raw(std::string method, std::string target, std::string body = "",
                        net::Headers headers = {}) {
    net::HttpRequest http{
        std::move(method), std::move(target), std::move(headers), std::move(body), {}};
    http.headers.set("Host", kHost);
    http.peer.tls = true;
    return loop.run_until_done(service->handle(std::move(http)));
  }

  static std::string basic(const std::string& user, const std::string& password) {
    return "Basic " + ferry::base64_encode(user + ":" + password);
  }

  // As the admin user.
  net::HttpResponse call(std::string method, std::string target, std::string body = "",
                         net::Headers headers = {}) {
    headers.set("Authorization", basic("plant", "two"));
    return raw(std::move(method), std::move(target), std::move(body), std::move(headers));
  }

  // A bearer header with the scope, as that user gets it.
  std::string token(const std::string& user, const std::string& password,
                    const std::string& scope) {
    const auto response =
        raw("GET", std::string("/oauth2/token?service=") + kHost + "&scope=" + scope, "",
            {{"Authorization", basic(user, password)}});
    EXPECT_EQ(response.status, 200) << response.body;
    const auto document = ferry::parse_json_object(response.body);
    return document ? "Bearer " + ferry::string_or(*document, "access_token", "") : "";
  }

  std::string push_blob(const std::string& repository, const std::string& content) {
    const std::string digest = digest_of(content);
    const auto response =
        call("POST", "/v2/" + repository + "/blobs/uploads/?digest=" + digest, content);
    EXPECT_EQ(response.status, 201) << response.body;
    return digest;
  }

  std::string manifest_of(const std::string& config, const std::string& layer,
                          json::object extra = {}) {
    const auto descriptor = [](const std::string& type, const std::string& content) {
      return json::object{{"mediaType", type},
                          {"digest", digest_of(content)},
                          {"size", std::int64_t(content.size())}};
    };
    json::object manifest = {
        {"schemaVersion", 2},
        {"mediaType", kManifestType},
        {"config", descriptor("application/vnd.oci.image.config.v1+json", config)},
        {"layers", json::array{descriptor("application/vnd.oci.image.layer.v1.tar", layer)}}};
    for (const auto& [key, value] : extra) manifest[key] = value;
    return json::serialize(manifest);
  }

  net::HttpResponse push_image(const std::string& repository, const std::string& reference,
                               const std::string& manifest) {
    push_blob(repository, "{}");
    push_blob(repository, "layer");
    return call("PUT", "/v2/" + repository + "/manifests/" + reference, manifest,
                {{"Content-Type", kManifestType}});
  }

  static std::string error_code(const net::HttpResponse& response) {
    const auto document = ferry::parse_json(response.body);
    if (!document) return "";
    const json::value* errors = ferry::find_path(*document, "errors");
    if (!errors || !errors->is_array() || errors->as_array().empty()) return "";
    return ferry::string_or(errors->as_array()[0].as_object(), "code", "");
  }

  std::size_t files_below(const std::string& part) const {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(directory_path / "registry" / part)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  net::EventLoop loop;
  ferry::ManualClock clock{kNow};
  FakeDirectory directory;
  FakeVerifier verifier;
  Endpoints endpoints;
  std::filesystem::path directory_path;
  std::unique_ptr<RegistryService> service;
};

TEST(RegistryNames, FollowTheSpecification) {
  for (const char* good : {"a", "a/b", "line-1/sampler", "a__b", "a--b.c", "blobs/uploads"}) {
    EXPECT_TRUE(valid_repository(good)) << good;
  }
  for (const char* bad : {"", "A", "a//b", "/a", "a/", "a___b", "a..b", "-a", "a-", "a/../b"}) {
    EXPECT_FALSE(valid_repository(bad)) << bad;
  }
  EXPECT_TRUE(valid_tag("v1.0_x-2"));
  EXPECT_FALSE(valid_tag(".hidden"));
  EXPECT_FALSE(valid_tag(std::string(129, 'a')));
  EXPECT_FALSE(valid_digest("sha256:../../etc/passwd"));
}

TEST(RegistryNames, AreReadFromTheRight) {
  const auto route = parse_route("/v2/blobs/uploads/manifests/latest");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->repository, "blobs/uploads");
  EXPECT_EQ(route->reference, "latest");
  const auto encoded = parse_route("/v2/line-1%2Fsampler/tags/list");
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->repository, "line-1/sampler");
  EXPECT_FALSE(parse_route("/v2/manifests/latest"));
}

TEST_F(Registry, ChallengesWhoHasNoCredentials) {
  const auto response = raw("GET", "/v2/");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(
      response.headers.get_or("WWW-Authenticate", ""),
      std::string("Bearer realm=\"https://") + kHost + "/oauth2/token\",service=\"" + kHost + "\"");
  const auto push = raw("POST", "/v2/line-1/sampler/blobs/uploads/");
  EXPECT_NE(push.headers.get_or("WWW-Authenticate", "")
                .find("scope=\"repository:line-1/sampler:pull,push\""),
            std::string::npos);
}

TEST_F(Registry, TakesAnImageAndGivesItBackByteForByte) {
  const std::string manifest = manifest_of("{}", "layer");
  const auto pushed = push_image("app", "v1", manifest);
  ASSERT_EQ(pushed.status, 201) << pushed.body;
  const std::string digest = digest_of(manifest);
  EXPECT_EQ(pushed.headers.get_or("Docker-Content-Digest", ""), digest);
  reopen();
  for (const std::string& reference : {std::string("v1"), digest}) {
    const auto pulled = call("GET", "/v2/app/manifests/" + reference);
    EXPECT_EQ(pulled.body, manifest);
    EXPECT_EQ(pulled.headers.get_or("Content-Type", ""), kManifestType);
  }
  const auto layer =
      call("GET", "/v2/app/blobs/" + digest_of("layer"), "", {{"Range", "bytes=1-3"}});
  EXPECT_EQ(layer.status, 206);
  EXPECT_EQ(layer.body, "aye");
  const auto head = call("HEAD", "/v2/app/blobs/" + digest_of("layer"));
  EXPECT_EQ(head.headers.get_or("Content-Length", ""), "5");
  EXPECT_EQ(call("GET", "/v2/_catalog").body, R"({"repositories":["app"]})");
}

TEST_F(Registry, UploadsInPiecesSurviveAReopening) {
  const auto start = call("POST", "/v2/app/blobs/uploads/");
  ASSERT_EQ(start.status, 202);
  const std::string location = start.headers.get_or("Location", "");
  EXPECT_EQ(call("PATCH", location, "hello ", {{"Content-Range", "0-5"}}).status, 202);
  reopen();
  EXPECT_EQ(call("GET", location).headers.get_or("Range", ""), "0-5");
  EXPECT_EQ(call("PATCH", location, "x", {{"Content-Range", "9-9"}}).status, 416);
  const auto end = call("PUT", location + "?digest=" + digest_of("hello world"), "world");
  ASSERT_EQ(end.status, 201) << end.body;
  EXPECT_EQ(call("GET", "/v2/app/blobs/" + digest_of("hello world")).body, "hello world");
  EXPECT_EQ(call("PATCH", location, "more").status, 404);
}

TEST_F(Registry, ForgottenAndCancelledUploadsLeaveNothing) {
  const std::string cancelled =
      call("POST", "/v2/app/blobs/uploads/").headers.get_or("Location", "");
  ASSERT_EQ(call("PATCH", cancelled, "x").status, 202);
  EXPECT_EQ(call("DELETE", cancelled).status, 204);
  const std::string forgotten =
      call("POST", "/v2/app/blobs/uploads/").headers.get_or("Location", "");
  ASSERT_EQ(call("PATCH", forgotten, "x").status, 202);
  clock.advance(std::chrono::hours(25));
  {
    std::ofstream(directory_path / "registry" / "uploads" / "left-by-a-crash") << "x";
  }
  reopen();
  EXPECT_EQ(files_below("uploads"), 0u);
  EXPECT_EQ(call("GET", forgotten).status, 404);
}

TEST_F(Registry, AWrongDigestIsRefusedAndNothingKept) {
  const auto response =
      call("POST", "/v2/app/blobs/uploads/?digest=" + digest_of("something else"), "content");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(error_code(response), "DIGEST_INVALID");
  EXPECT_EQ(files_below("uploads") + files_below("blobs"), 0u);
  EXPECT_EQ(call("GET", "/v2/app/blobs/sha256:zz").status, 400);
}

TEST_F(Registry, MountsWhatTheCallerMayPull) {
  const std::string digest = push_blob("shared", "base layer");
  const std::string target = "/v2/app/blobs/uploads/?from=shared&mount=" + digest;
  EXPECT_EQ(call("POST", target).status, 201);
  EXPECT_EQ(call("GET", "/v2/app/blobs/" + digest).body, "base layer");
  EXPECT_EQ(files_below("blobs"), 1u) << "one file for both repositories";

  const std::string other = token("plant", "one", "repository:other:pull,push");
  EXPECT_EQ(raw("POST", "/v2/other/blobs/uploads/?from=shared&mount=" + digest, "",
                {{"Authorization", other}})
                .status,
            202)
      << "an ordinary upload instead";

  EXPECT_EQ(call("DELETE", "/v2/app/blobs/" + digest).status, 202);
  EXPECT_EQ(call("GET", "/v2/shared/blobs/" + digest).status, 200);
  EXPECT_EQ(call("DELETE", "/v2/shared/blobs/" + digest).status, 202);
  EXPECT_EQ(files_below("blobs"), 0u);
}

TEST_F(Registry, RefusesManifestsThatCannotBePulled) {
  const net::Headers type = {{"Content-Type", kManifestType}};
  for (const char* body : {"", "[]", "{}", R"({"schemaVersion":1})", R"({"schemaVersion":2})",
                           R"({"schemaVersion":2,"config":{},"layers":[]})",
                           R"({"schemaVersion":2,"config":7,"layers":[3]})"}) {
    EXPECT_EQ(error_code(call("PUT", "/v2/app/manifests/v1", body, type)), "MANIFEST_INVALID")
        << body;
  }
  EXPECT_EQ(error_code(call("PUT", "/v2/app/manifests/v1", manifest_of("{}", "layer"), type)),
            "MANIFEST_BLOB_UNKNOWN");
  EXPECT_EQ(call("PUT", "/v2/app/manifests/v1", "{}", {{"Content-Type", "text/plain"}}).status,
            400);
  push_image("app", "v1", manifest_of("{}", "layer"));
  EXPECT_EQ(error_code(call("PUT", "/v2/app/manifests/" + digest_of("x"),
                            manifest_of("{}", "layer"), type)),
            "DIGEST_INVALID");
  EXPECT_EQ(call("GET", "/v2/app/manifests/unknown").status, 404);
}

TEST_F(Registry, ListsTagsInPages) {
  for (const char* tag : {"c", "a", "b"}) push_image("app", tag, manifest_of("{}", "layer"));
  const auto first = call("GET", "/v2/app/tags/list?n=2");
  EXPECT_EQ(first.body, R"({"name":"app","tags":["a","b"]})");
  EXPECT_EQ(first.headers.get_or("Link", ""), "</v2/app/tags/list?last=b&n=2>; rel=\"next\"");
  const auto second = call("GET", "/v2/app/tags/list?last=b&n=2");
  EXPECT_EQ(second.body, R"({"name":"app","tags":["c"]})");
  EXPECT_FALSE(second.headers.contains("Link"));
  EXPECT_EQ(call("GET", "/v2/app/tags/list?n=0").body, R"({"name":"app","tags":[]})");
  EXPECT_EQ(error_code(call("GET", "/v2/none/tags/list")), "NAME_UNKNOWN");
  EXPECT_EQ(call("GET", "/v2/app/tags/list?n=x").status, 400);
}

TEST_F(Registry, DeletesATagAloneAndAManifestWithItsTags) {
  const std::string manifest = manifest_of("{}", "layer");
  push_image("app", "v1", manifest);
  push_image("app", "v2", manifest);
  EXPECT_EQ(call("DELETE", "/v2/app/manifests/v1").status, 202);
  EXPECT_EQ(call("GET", "/v2/app/manifests/v1").status, 404);
  EXPECT_EQ(call("GET", "/v2/app/manifests/v2").status, 200);
  EXPECT_EQ(call("DELETE", "/v2/app/manifests/" + digest_of(manifest)).status, 202);
  EXPECT_EQ(call("GET", "/v2/app/manifests/v2").status, 404);
  EXPECT_EQ(call("DELETE", "/v2/app/manifests/v2").status, 404);
}

TEST_F(Registry, KnowsWhoRefersToAnImageEvenBeforeItIsThere) {
  const std::string subject = digest_of("an image that comes later");
  const std::string manifest = manifest_of(
      "{}", "layer",
      {{"artifactType", "application/spdx+json"},
       {"annotations", json::object{{"k", "v"}}},
       {"subject", json::object{{"mediaType", kManifestType}, {"digest", subject}, {"size", 9}}}});
  const auto pushed = push_image("app", "sbom", manifest);
  ASSERT_EQ(pushed.status, 201) << pushed.body;
  EXPECT_EQ(pushed.headers.get_or("OCI-Subject", ""), subject);
  const auto list =
      call("GET", "/v2/app/referrers/" + subject + "?artifactType=application/spdx%2Bjson");
  EXPECT_NE(list.body.find(digest_of(manifest)), std::string::npos);
  EXPECT_NE(list.body.find(R"("annotations":{"k":"v"})"), std::string::npos);
  EXPECT_EQ(list.headers.get_or("OCI-Filters-Applied", ""), "artifactType");
  const auto none = call("GET", "/v2/app/referrers/" + digest_of("nothing"));
  EXPECT_EQ(none.status, 200);
  EXPECT_NE(none.body.find("\"manifests\":[]"), std::string::npos);
}

TEST_F(Registry, AGroupsTokenPullsItsOwnAndNothingElse) {
  push_image("line-1/sampler", "v1", manifest_of("{}", "layer"));
  push_image("line-2/sampler", "v1", manifest_of("{}", "layer"));
  const std::string own = token("line-1", "pull-only", "repository:line-1/sampler:pull,push");
  const auto get = [&](const std::string& target, const std::string& authorization) {
    return raw("GET", target, "", {{"Authorization", authorization}}).status;
  };
  EXPECT_EQ(get("/v2/line-1/sampler/manifests/v1", own), 200);
  EXPECT_EQ(get("/v2/line-2/sampler/manifests/v1", own), 401);
  EXPECT_EQ(get("/v2/_catalog", own), 401);
  EXPECT_EQ(get("/v2/line-2/sampler/manifests/v1",
                token("line-1", "pull-only", "repository:line-2/sampler:pull")),
            401);
  const auto push = raw("POST", "/v2/line-1/sampler/blobs/uploads/", "", {{"Authorization", own}});
  EXPECT_EQ(push.status, 401);
  EXPECT_NE(push.headers.get_or("WWW-Authenticate", "").find("insufficient_scope"),
            std::string::npos);
  EXPECT_EQ(get("/v2/line-2/sampler/manifests/v1", basic("line-1", "pull-only")), 403);
}

TEST_F(Registry, PasswordsAndTokensExpire) {
  push_image("shared", "v1", manifest_of("{}", "layer"));
  const std::string bearer = token("line-1", "pull-only", "repository:shared:pull");
  const auto get = [&](const std::string& authorization) {
    return raw("GET", "/v2/shared/manifests/v1", "", {{"Authorization", authorization}}).status;
  };
  EXPECT_EQ(get(bearer), 200);
  clock.advance(std::chrono::minutes(61));
  EXPECT_EQ(get(basic("line-1", "pull-only")), 401);
  EXPECT_EQ(get(bearer), 200) << "issued before, for 75 minutes";
  clock.advance(std::chrono::minutes(15));
  EXPECT_EQ(get(bearer), 401);
}

TEST_F(Registry, ADisabledAdminIsNobody) {
  directory.registry.admin_enabled = false;
  EXPECT_EQ(call("GET", "/v2/").status, 401);
}

TEST_F(Registry, ExchangesTokensOfTheTenant) {
  const auto exchange = [&](const std::string& entra) {
    return raw("POST", "/oauth2/exchange",
               ferry::format_form(
                   {{"grant_type", "access_token"}, {"service", kHost}, {"access_token", entra}}));
  };
  EXPECT_EQ(exchange("forged").status, 401);
  const auto exchanged = ferry::parse_json_object(exchange("entra-token").body);
  ASSERT_TRUE(exchanged);
  const std::string refresh = ferry::string_or(*exchanged, "refresh_token", "");
  const auto granted = raw("POST", "/oauth2/token",
                           ferry::format_form({{"grant_type", "refresh_token"},
                                               {"service", kHost},
                                               {"scope", "registry:catalog:*"},
                                               {"refresh_token", refresh}}));
  ASSERT_EQ(granted.status, 200) << granted.body;
  const std::string access =
      ferry::string_or(*ferry::parse_json_object(granted.body), "access_token", "");
  EXPECT_EQ(raw("GET", "/v2/_catalog", "", {{"Authorization", "Bearer " + access}}).status, 200);
  EXPECT_EQ(raw("GET", "/v2/", "", {{"Authorization", "Bearer " + refresh}}).status, 401)
      << "a refresh token is no access token";
  const std::string nobody = "00000000-0000-0000-0000-000000000000";
  EXPECT_FALSE(token(nobody, refresh, "repository:app:pull").empty());
}

TEST_F(Registry, NoAlteredTokenIsEverAccepted) {
  const std::string good = token("plant", "one", "repository:app:pull");
  ASSERT_EQ(raw("GET", "/v2/", "", {{"Authorization", good}}).status, 200);
  EXPECT_TRUE(rc::check("altered tokens are refused", [&] {
    std::string bad = good;
    // The last character of the signature holds bits that decoding drops.
    const auto at = *rc::gen::inRange<std::size_t>(7, bad.size() - 1);
    const char c = *rc::gen::elementOf(std::string("ABCabc019-_.{"));
    RC_PRE(bad[at] != c);
    bad[at] = c;
    RC_ASSERT(raw("GET", "/v2/", "", {{"Authorization", bad}}).status == 401);
  }));
  const std::string none = "Bearer " + ferry::base64url_encode(R"({"alg":"none"})") +
                           good.substr(good.find('.'), good.rfind('.') - good.find('.') + 1);
  EXPECT_EQ(raw("GET", "/v2/", "", {{"Authorization", none}}).status, 401);
}

TEST_F(Registry, MalformedTokenRequestsAreRefused) {
  EXPECT_EQ(raw("GET", "/oauth2/token?service=elsewhere").status, 400);
  EXPECT_EQ(raw("GET", "/oauth2/token?scope=nonsense").status, 400);
  EXPECT_EQ(raw("GET", "/oauth2/token").status, 401);
  EXPECT_EQ(raw("POST", "/oauth2/token", "grant_type=magic").status, 400);
  EXPECT_EQ(raw("POST", "/oauth2/token", "grant_type=password&username=plant").status, 401);
  EXPECT_EQ(raw("GET", "/v2/", "", {{"Authorization", "Basic !!!"}}).status, 401);
  EXPECT_EQ(raw("DELETE", "/oauth2/token").status, 405);
}

TEST_F(Registry, ADeletedRegistryTakesItsDataAlong) {
  push_image("app", "v1", manifest_of("{}", "layer"));
  const auto upload = call("POST", "/v2/app/blobs/uploads/");
  ASSERT_EQ(call("PATCH", upload.headers.get_or("Location", ""), "x").status, 202);
  service->on_deleted(ResourceKind::container_registry, "plant");
  EXPECT_EQ(call("GET", "/v2/app/manifests/v1").status, 404);
  EXPECT_EQ(files_below("blobs") + files_below("uploads"), 0u);
}

}  // namespace
}  // namespace drydock::registry
