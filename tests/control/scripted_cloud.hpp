// SPDX-License-Identifier: Apache-2.0
// A workspace that stands, over a cloud that is a map: as much of an IoT Hub as deployments need,
// with a journal of the calls and faults on request.
#pragma once

#include <unistd.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "control/certificates/authority.hpp"
#include "control/control.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {

struct ScriptedHub {
  std::map<std::string, json::object> configurations;
  std::vector<std::string> journal;  // "PUT grp-...-2"
  // Statuses of the next answers, instead of carrying the call out.
  std::deque<int> faults;
  std::map<std::string, json::object> individuals;  // DPS enrollments by registration id
  std::map<std::string, json::object> identities;   // as the last bulk update wrote them
  std::map<std::string, json::object> tags;         // of twins, as the last patch wrote them
  json::array twins;                                // of $edgeAgent modules, for queries
  std::map<std::string, std::string> blobs;         // by URL
  std::string method_answer;  // of direct methods; empty: the device is not online
  std::string method_request;
  // Asked first, for clouds that know more.
  std::function<std::optional<net::HttpResponse>(const net::HttpCall&)> also;

  // In the place of all of this: another cloud.
  std::function<net::Task<net::HttpResponse>(net::HttpCall)> instead;

  net::HttpResponse answer(const net::HttpCall& call) {
    const std::string path = call.url.substr(0, call.url.find('?'));
    const std::string id = path.substr(path.rfind('/') + 1);
    journal.push_back(call.method + " " + id);
    if (also) {
      if (auto other = also(call)) return *std::move(other);
    }
    if (!faults.empty()) {
      const int status = faults.front();
      faults.pop_front();
      return {.status = status};
    }
    if (path.starts_with("https://blobs.example/")) return answer_blob(call, path);
    if (path.ends_with("/devices/query")) return {.status = 200, .body = json::serialize(twins)};
    if (path.ends_with("/methods")) {
      method_request = call.body;
      if (method_answer.empty()) return {.status = 404, .body = R"({"Message":"DeviceNotOnline"})"};
      return {.status = 200, .body = method_answer};
    }
    if (path.find("/enrollments/") != std::string::npos) return answer_enrollment(call, id);
    if (call.method == "POST" && path.ends_with("/devices")) return answer_bulk(call);
    if (call.method == "PATCH" && path.find("/twins/") != std::string::npos) {
      tags[id] = parse_json_object(call.body)->at("tags").as_object();
      return {.status = 200, .body = json::serialize(json::object{{"deviceId", id}})};
    }
    if (path.find("/configurations/") == std::string::npos) return {.status = 404};
    if (call.method == "PUT") {
      if (configurations.contains(id)) return {.status = 409, .body = R"({"Message":"exists"})"};
      configurations[id] = *parse_json_object(call.body);
    }
    if (call.method == "DELETE") return {.status = configurations.erase(id) == 1 ? 204 : 404};
    if (!configurations.contains(id)) return {.status = 404};
    return {.status = 200, .body = json::serialize(configurations[id])};
  }

  net::HttpResponse answer_bulk(const net::HttpCall& call) {
    const auto items = parse_json(call.body);
    for (const auto& item : items->as_array()) {
      identities[string_or(item.as_object(), "id", "")] = item.as_object();
    }
    return {.status = 200, .body = R"({"isSuccessful":true,"errors":[],"warnings":[]})"};
  }

  net::HttpResponse answer_enrollment(const net::HttpCall& call, const std::string& id) {
    if (call.method == "PUT") {
      individuals[id] = *parse_json_object(call.body);
      individuals[id]["etag"] = "\"1\"";
    }
    if (call.method == "DELETE") return {.status = individuals.erase(id) == 1 ? 204 : 404};
    if (!individuals.contains(id)) return {.status = 404};
    return {.status = 200, .body = json::serialize(individuals[id])};
  }

  net::HttpResponse answer_blob(const net::HttpCall& call, const std::string& path) {
    if (call.method == "PUT") {
      blobs[path] = call.body;
      return {.status = 201};
    }
    if (call.method == "DELETE") return {.status = blobs.erase(path) == 1 ? 202 : 404};
    const auto found = blobs.find(path);
    if (found != blobs.end()) return {.status = 200, .body = found->second};
    // A listing: names are what follows the container.
    std::string names;
    for (const auto& [url, content] : blobs) {
      names += fmt::format("<Blob><Name>{}</Name><Properties></Properties></Blob>",
                           url.substr(path.size() + 1));
    }
    return {.status = 200,
            .body = fmt::format("<?xml version=\"1.0\"?><EnumerationResults><Blobs>{}</Blobs>"
                                "<NextMarker/></EnumerationResults>",
                                names)};
  }
};

class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-ctl-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    open();
    EXPECT_TRUE(control_->access.ensure_owner("default", "owner", api_token_));
    organization_ = control_->access.authenticate(api_token_)->organization.id;
    make_workspace();
  }
  ~ControlTest() override {
    control_.reset();
    loop_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // A new process over the same data; whatever ran is gone.
  void open() {
    control_.reset();
    loop_ = std::make_unique<net::EventLoop>();
    auto store = store::Store::open(directory_);
    ASSERT_TRUE(store) << store.error().describe();
    auto context = std::make_unique<Context>(
        *loop_, clock_, *std::move(store),
        [this](const std::string&) -> Result<azure::Transport> {
          return azure::Transport(
              [this](net::HttpCall call) -> net::Task<Result<net::HttpResponse>> {
                if (hub_.instead) {
                  auto answer = co_await hub_.instead(std::move(call));
                  co_return answer;
                }
                co_return hub_.answer(call);
              });
        },
        EngineOptions{.retry = {.attempts = 1, .first_delay = {}}});
    context_ = context.get();
    control_ = Control::over(std::move(context));
  }

  void make_workspace() {
    auto& store = context_->store;
    fleet::CloudAccount account;
    account.id = fleet::CloudAccountId("acct-1");
    account.organization = organization_;
    account.name = "scripted";
    ASSERT_TRUE(store.accounts.insert(account));
    ASSERT_TRUE(store.secrets.put("acct-1", secret_names::kClientSecret, Secret("s")));
    workspace_.id = fleet::WorkspaceId("ws-aaaabbbbccccdddd");
    workspace_.organization = organization_;
    workspace_.cloud_account = account.id;
    workspace_.name = "plant-a";
    workspace_.location = "westeurope";
    workspace_.state = fleet::LifeState::ready;
    workspace_.id_scope = "0ne00000001";
    workspace_.provisioning_host = "global.dps.example";
    workspace_.provisioning_service = "dps.example";
    workspace_.hub_host = "hub.example";
    workspace_.blob_endpoint = "https://blobs.example/";
    workspace_.login_server = "r.example";
    ASSERT_TRUE(store.workspaces.insert(workspace_));
    for (const auto& name : {secret_names::kHubKey, secret_names::kDpsKey,
                             secret_names::kStorageKey, secret_names::kPushPassword}) {
      ASSERT_TRUE(store.secrets.put(workspace_.id.str(), name, Secret(base64_encode("key"))));
    }
    ASSERT_TRUE(ensure_workspace_ca(*context_, workspace_));
  }

  fleet::NodeGroup make_group(const std::string& name) {
    fleet::NodeGroup group;
    group.id = fleet::NodeGroupId(random_id("grp"));
    group.workspace = workspace_.id;
    group.name = name;
    group.state = fleet::LifeState::ready;
    group.pull_token = group.id.str();
    EXPECT_TRUE(context_->store.groups.insert(group));
    EXPECT_TRUE(
        context_->store.secrets.put(group.id.str(), secret_names::kPullPassword, Secret("pw")));
    EXPECT_TRUE(ensure_group_ca(*context_, workspace_, group));
    return group;
  }

  void make_version(const std::string& component, const std::string& version) {
    fleet::ComponentVersion record;
    record.id = fleet::VersionId(random_id("ver"));
    record.workspace = workspace_.id;
    record.component = component;
    record.version = version;
    record.state = fleet::VersionState::published;
    record.manifest =
        fmt::format(R"({{"name": "{}", "version": "{}", "cmd": ["/x"]}})", component, version);
    record.image = fmt::format("r.example/components/{}@sha256:{}", component, version);
    EXPECT_TRUE(context_->store.components.insert(record));
  }

  void run_until_finished() { loop_->run_until_done(wait()); }
  net::Task<bool> wait() {
    for (;;) {
      auto unfinished = context_->store.operations.unfinished();
      if (!unfinished || unfinished->empty()) co_return true;
      co_await net::sleep_for(std::chrono::milliseconds(1));
    }
  }

  ManualClock clock_{from_unix_seconds(1'790'000'000)};
  const Secret api_token_{std::string(40, 't')};
  ScriptedHub hub_;
  std::filesystem::path directory_;
  std::unique_ptr<net::EventLoop> loop_;
  Context* context_ = nullptr;
  std::unique_ptr<Control> control_;
  fleet::OrganizationId organization_;
  fleet::Workspace workspace_;
};

}  // namespace ferry::control
