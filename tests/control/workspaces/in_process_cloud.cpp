// SPDX-License-Identifier: Apache-2.0
#include "tests/control/workspaces/in_process_cloud.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "net/http_client.hpp"

namespace ferry::control {
namespace {

using std::chrono::milliseconds;

// SQLite tells every connection that is opened to a function without an argument of ours.
InProcessCloud* current = nullptr;

net::HttpRequest to_request(net::HttpCall call) {
  net::HttpRequest request;
  const auto url = net::parse_url(call.url);
  EXPECT_TRUE(url) << call.url;
  request.method = std::move(call.method);
  request.target = url->target;
  request.headers = std::move(call.headers);
  request.headers.set("Host", url->host);
  request.body = std::move(call.body);
  return request;
}

}  // namespace

net::Task<void> VirtualTime::sleep(milliseconds delay) {
  const auto executor = co_await net::current_executor();
  auto wake = std::make_shared<net::Notifier>(executor);
  sleepers_.push_back({now_ + std::max(delay, milliseconds(0)), wake});
  co_await wake->wait();
}

bool VirtualTime::advance(std::optional<Timestamp> limit) {
  const auto first = std::min_element(sleepers_.begin(), sleepers_.end(),
                                      [](const auto& a, const auto& b) { return a.due < b.due; });
  if (first == sleepers_.end() || (limit && first->due > *limit)) return false;
  now_ = std::max(now_, first->due);
  const auto wake = first->wake;
  sleepers_.erase(first);
  wake->notify();
  return true;
}

int InProcessCloud::on_open(void* database, char**, const void*) {
  auto* handle = static_cast<sqlite3*>(database);
  const char* file = sqlite3_db_filename(handle, "main");
  if (current && file && std::string_view(file).ends_with("/ferry.db")) {
    sqlite3_commit_hook(handle, on_commit, current);
  }
  return SQLITE_OK;
}

// Not zero turns the commit into a rollback.
int InProcessCloud::on_commit(void* self) {
  auto* cloud = static_cast<InProcessCloud*>(self);
  return cloud->dead_ || cloud->ends_here() ? 1 : 0;
}

bool InProcessCloud::ends_here() {
  if (++place_ != kill_at_) return false;
  dead_ = true;
  ferry_loop_->stop();
  return true;
}

InProcessCloud::InProcessCloud() {
  log::set_minimum_level(log::Level::error);
  // Thousands of commits that nobody will look at again: in memory where that can be had.
  const std::filesystem::path memory = "/dev/shm";
  const auto parent =
      ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  std::string pattern = (parent / "ferry-cloud-XXXXXX").string();
  directory_ = ::mkdtemp(pattern.data());
  std::filesystem::create_directories(directory_ / "cloud");
  current = this;
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(on_open));
  auto cloud = drydock::Cloud::open(
      cloud_loop_, time_,
      {.directory = directory_ / "cloud", .endpoints = {}, .operation_delay = milliseconds(0)});
  EXPECT_TRUE(cloud) << cloud.error().describe();
  cloud_ = *std::move(cloud);
  open_ferry();
  make_account();
}

InProcessCloud::~InProcessCloud() {
  ferry_loop_.reset();
  control_.reset();
  cloud_.reset();
  current = nullptr;
  sqlite3_reset_auto_extension();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void InProcessCloud::open_ferry() {
  // First the loop with everything that is suspended in it, then what that refers to.
  time_.forget_sleepers();
  ferry_loop_.reset();
  control_.reset();
  nothing_.reset();
  dead_ = false;
  kill_at_ = 0;
  ferry_loop_ = std::make_unique<net::EventLoop>();
  nothing_ = std::make_unique<net::Notifier>(ferry_loop_->executor());
  auto store = store::Store::open(directory_ / "ferry");
  ASSERT_TRUE(store) << store.error().describe();
  EngineOptions options;
  options.sleep = [this](milliseconds delay) { return time_.sleep(delay); };
  options.jitter = [] { return 0.5; };
  auto context = std::make_unique<Context>(
      *ferry_loop_, time_, *std::move(store),
      [this](const std::string&) -> Result<azure::Transport> {
        return azure::Transport([this](net::HttpCall call) { return carry(std::move(call)); });
      },
      options);
  context_ = context.get();
  control_ = Control::over(std::move(context));
  const Secret token("ferry_in_process_owner_token_of_the_test");
  ASSERT_TRUE(control_->access.ensure_owner("default", "owner", token));
  organization_ = control_->access.authenticate(token)->organization.id;
  ASSERT_TRUE(control_->resume());
}

void InProcessCloud::kill_at(std::uint64_t place) {
  place_ = 0;
  kill_at_ = place;
}

net::Task<void> InProcessCloud::never() {
  for (;;) co_await nothing_->wait();
}

net::Task<Result<net::HttpResponse>> InProcessCloud::carry(net::HttpCall call) {
  if (dead_ || ends_here()) co_await never();
  ++messages_;
  journal_.push_back(call.method + " " + call.url.substr(0, call.url.find('?')));
  net::HttpRequest request = to_request(std::move(call));
  auto response = co_await cloud_->handle_http(std::move(request));
  if (dead_ || ends_here()) co_await never();
  if (response.status == 0) co_return fail(Code::unavailable, "the connection was closed");
  co_return response;
}

std::size_t InProcessCloud::poll() {
  ferry_loop_->context().restart();
  cloud_loop_.context().restart();
  const auto done = ferry_loop_->context().poll();
  return done + cloud_loop_.context().poll();
}

void InProcessCloud::run() {
  while (!dead_) {
    const auto done = poll();
    if (dead_ || (done == 0 && !time_.advance())) return;
  }
}

void InProcessCloud::run_for(milliseconds duration) {
  const auto end = time_.now() + duration;
  while (!dead_) {
    const auto done = poll();
    if (dead_ || (done == 0 && !time_.advance(end))) break;
  }
  time_.set(end);
}

void InProcessCloud::make_account() {
  const auto& application = cloud_->entra().application();
  NewCloudAccount account;
  account.name = "drydock";
  account.resource_manager = cloud_->endpoints().management_url();
  account.tenant_id = application.tenant_id;
  account.subscription_id = cloud_->resource_manager().subscription_id();
  account.credential.client_id = application.client_id;
  account.credential.secret = application.client_secret;
  auto connected = run_until_done(control_->accounts.connect(organization_, std::move(account)));
  ASSERT_TRUE(connected) << connected.error().describe();
}

WorkspaceStarted InProcessCloud::create(const std::string& name, fleet::WorkspaceOptions options) {
  auto started = control_->workspaces.create(
      organization_,
      {.name = name, .location = "westeurope", .cloud_account = {}, .options = std::move(options)});
  EXPECT_TRUE(started) << started.error().describe();
  return *started;
}

OperationView InProcessCloud::operation(const fleet::OperationId& id) {
  auto view = control_->operations.get(id.str());
  EXPECT_TRUE(view) << view.error().describe();
  return *view;
}

net::HttpResponse InProcessCloud::arm(const std::string& method, const std::string& path,
                                      const std::string& version, const json::object& body) {
  net::EventLoop& loop = cloud_loop_;
  const auto send = [&](net::HttpRequest request) {
    std::optional<net::HttpResponse> answer;
    loop.spawn(store_value(cloud_->handle_http(std::move(request)), answer));
    loop.context().restart();
    while (!answer && loop.context().poll() > 0) {
    }
    FERRY_CHECK(answer.has_value());
    return *std::move(answer);
  };
  if (admin_token_.empty() || time_.now() >= admin_token_ends_) {
    admin_token_ends_ = time_.now() + std::chrono::minutes(30);
    const auto& application = cloud_->entra().application();
    net::HttpRequest request;
    request.method = "POST";
    request.target = fmt::format("/{}/oauth2/v2.0/token", application.tenant_id);
    request.headers.set("Host", drydock::Endpoints::login_host());
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body =
        fmt::format("grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
                    application.client_id, percent_encode(application.client_secret.reveal()),
                    percent_encode(cloud_->endpoints().management_url() + "/.default"));
    const auto answer = send(std::move(request));
    admin_token_ = string_or(*parse_json_object(answer.body), "access_token", "");
    EXPECT_FALSE(admin_token_.empty()) << answer.body;
  }
  net::HttpRequest request;
  request.method = method;
  request.target = fmt::format("/subscriptions/{}{}?api-version={}",
                               cloud_->resource_manager().subscription_id(), path, version);
  request.headers.set("Host", drydock::Endpoints::management_host());
  request.headers.set("Authorization", "Bearer " + admin_token_);
  if (!body.empty()) request.body = json::serialize(body);
  return send(std::move(request));
}

namespace {

std::vector<std::string> ids_of(const net::HttpResponse& response) {
  EXPECT_EQ(response.status, 200) << response.body;
  std::vector<std::string> ids;
  const auto list = parse_json_object(response.body);
  const auto* values = list ? find_array(*list, "value") : nullptr;
  for (std::size_t i = 0; values && i < values->size(); ++i) {
    ids.push_back(to_lower(string_or((*values)[i].as_object(), "id", "")));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

std::vector<std::string> InProcessCloud::resources_in_cloud() {
  return ids_of(arm("GET", "/resources", "2022-09-01"));
}

std::vector<std::string> InProcessCloud::groups_in_cloud() {
  return ids_of(arm("GET", "/resourcegroups", "2022-09-01"));
}

void InProcessCloud::expect_one_workspace(const fleet::WorkspaceId& id, const std::string& why) {
  const auto workspace = control_->workspaces.get(organization_, id.str());
  ASSERT_TRUE(workspace) << why;
  EXPECT_EQ(workspace->state, fleet::LifeState::ready) << why;
  std::vector<std::string> expected;
  std::string group;
  const auto rows = context_->store.resources.list(id);
  const auto site = fleet::desired_resources(*context_->store.workspaces.find(id).value());
  ASSERT_EQ(rows->size(), site.size()) << why;
  for (const auto& row : *rows) {
    EXPECT_EQ(row.state, fleet::ResourceState::ready) << why << ": " << row.key;
    const auto* desired = fleet::find_resource(site, row.key);
    if (row.key == fleet::keys::kResourceGroup) {
      group = to_lower(row.azure_id);
    } else if (desired->parent.empty()) {
      expected.push_back(to_lower(row.azure_id));
    }
  }
  std::sort(expected.begin(), expected.end());
  // Each once, and nothing else.
  EXPECT_EQ(resources_in_cloud(), expected) << why;
  EXPECT_EQ(groups_in_cloud(), std::vector<std::string>{group}) << why;
  for (const auto& secret : {secret_names::kHubKey, secret_names::kDpsKey,
                             secret_names::kStorageKey, secret_names::kPushPassword}) {
    EXPECT_TRUE(context_->store.secrets.get(id.str(), secret)->has_value()) << why << secret;
  }
}

void InProcessCloud::expect_empty_cloud(const std::string& why) {
  EXPECT_EQ(resources_in_cloud(), std::vector<std::string>{}) << why;
  EXPECT_EQ(groups_in_cloud(), std::vector<std::string>{}) << why;
  EXPECT_TRUE(control_->workspaces.list(organization_)->empty()) << why;
}

}  // namespace ferry::control
