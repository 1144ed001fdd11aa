// SPDX-License-Identifier: Apache-2.0
// Resource Manager without sockets, on a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "drydock/arm/arm.hpp"
#include "net/task.hpp"

namespace drydock::arm::test {

using namespace ferry;

// "good" is the owner's token, "as-<object id>" that of somebody else.
class OneToken final : public TokenVerifier {
 public:
  std::optional<TokenIdentity> verify(std::string_view jwt,
                                      const std::vector<std::string>&) const override {
    constexpr std::string_view kSomebody = "as-";
    if (jwt.starts_with(kSomebody)) {
      return TokenIdentity{std::string(jwt.substr(kSomebody.size())), "other", ""};
    }
    if (jwt != "good") return std::nullopt;
    return TokenIdentity{"me", "application", "https://management.azure.com"};
  }
};

class Deletions final : public ResourceObserver {
 public:
  void on_deleted(ResourceKind kind, std::string_view name) override {
    seen.emplace_back(kind, std::string(name));
  }
  std::vector<std::pair<ResourceKind, std::string>> seen;
};

struct Reply {
  int status = 0;
  json::object body;
  net::Headers headers;
  std::string text;

  std::string at(std::string_view dotted_path) const {
    const json::value value = body;
    const json::value* found = find_path(value, dotted_path);
    if (found == nullptr) return "";
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
  }
};

class ArmTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/drydock-arm-XXXXXX";
    directory_ = mkdtemp(pattern);
    open();
  }
  void TearDown() override {
    arm_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    arm_.reset();
    Options options{"tenant", "me"};
    options.enforce_limits = enforce_limits_;
    auto opened = Arm::open(directory_ / "arm.db", endpoints_, tokens_, clock_, std::move(options));
    ASSERT_TRUE(opened) << opened.error().describe();
    arm_ = *std::move(opened);
    arm_->observe(deletions_);
  }
  Reply send(std::string method, std::string target, std::string body = "",
             net::Headers headers = {{"Authorization", "Bearer good"}}) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    auto response = loop_.run_until_done(arm_->handle(std::move(request)));
    Reply reply{response.status, {}, response.headers, response.body};
    if (auto object = parse_json_object(response.body)) reply.body = *std::move(object);
    return reply;
  }
  Reply send_if_match(std::string method, std::string target, std::string etag,
                      std::string body = "") {
    return send(std::move(method), std::move(target), std::move(body),
                {{"Authorization", "Bearer good"}, {"If-Match", std::move(etag)}});
  }
  // Where a polling header leads, as a target.
  std::string target_of(const Reply& reply, std::string_view header) {
    const std::string url = reply.headers.get_or(header, "");
    EXPECT_TRUE(url.starts_with(endpoints_.management_url())) << url;
    return url.substr(std::min(url.size(), endpoints_.management_url().size()));
  }
  void let_operations_end() { clock_.advance(std::chrono::seconds(1)); }

  std::string subscription() const { return "/subscriptions/" + arm_->subscription_id(); }
  std::string group(std::string_view name = "harbour") const {
    return fmt::format("{}/resourceGroups/{}", subscription(), name);
  }
  void create_group() {
    const Reply made =
        send("PUT", group() + "?api-version=2022-09-01", R"({"location":"westeurope"})");
    ASSERT_EQ(made.status, 201) << made.text;
  }
  std::string hub_path(std::string_view name, std::string_view rest = "") const {
    return fmt::format("{}/providers/Microsoft.Devices/IotHubs/{}{}?api-version=2023-06-30",
                       group(), name, rest);
  }
  // A hub that works; returns the key of iothubowner.
  std::string create_hub(std::string_view name) {
    const Reply made = send("PUT", hub_path(name),
                            R"({"location":"westeurope","sku":{"name":"S1","capacity":1}})");
    EXPECT_EQ(made.status, 201) << made.text;
    let_operations_end();
    return send("POST", hub_path(name, "/IotHubKeys/iothubowner/listkeys")).at("primaryKey");
  }
  static std::string hub_connection(std::string_view name, std::string_view key) {
    return fmt::format(
        "HostName={}.azure-devices.drydock.localhost;"
        "SharedAccessKeyName=iothubowner;SharedAccessKey={}",
        name, key);
  }

  bool enforce_limits_ = false;
  net::EventLoop loop_;
  Endpoints endpoints_;
  OneToken tokens_;
  Deletions deletions_;
  ManualClock clock_{from_unix_seconds(1'800'000'000)};
  std::filesystem::path directory_;
  std::unique_ptr<Arm> arm_;
};

}  // namespace drydock::arm::test
