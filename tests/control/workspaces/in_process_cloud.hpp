// SPDX-License-Identifier: Apache-2.0
// Ferry's control plane and Drydock in one process, over their real databases, without sockets and
// in virtual time: waiting costs nothing, and one provisioning takes milliseconds. A life of Ferry
// can be cut short at any message or commit, as kill -9 does: nothing that it does afterwards
// reaches disk or cloud, and the next life begins from what is there.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "control/context.hpp"
#include "control/control.hpp"
#include "drydock/cloud.hpp"

namespace ferry::control {

// Time moves only when everybody waits.
class VirtualTime final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  net::Task<void> sleep(std::chrono::milliseconds delay);
  // To the next moment at which somebody wakes; false when nobody sleeps, or not until `limit`.
  bool advance(std::optional<Timestamp> limit = {});
  void set(Timestamp now) { now_ = std::max(now_, now); }
  void forget_sleepers() { sleepers_.clear(); }

 private:
  struct Sleeper {
    Timestamp due;
    std::shared_ptr<net::Notifier> wake;
  };
  Timestamp now_{std::chrono::milliseconds(1'800'000'000'000)};
  std::vector<Sleeper> sleepers_;
};

class InProcessCloud {
 public:
  InProcessCloud();
  ~InProcessCloud();
  InProcessCloud(const InProcessCloud&) = delete;

  // A new life of Ferry; takes up what is unfinished.
  void open_ferry();
  // The life that is to be cut short: at the place with this number, counted from 1 over messages
  // (before they are sent, and before their answer arrives) and commits. 0: never.
  void kill_at(std::uint64_t place);
  bool killed() const { return dead_; }

  // Runs until nothing is left to do (or the life is over).
  void run();
  // The same for so long; for what looks again and again.
  void run_for(std::chrono::milliseconds duration);
  // Runs until it is done, and no time passes; nothing when Ferry is killed before.
  template <class T>
  std::optional<T> run_until_value(net::Task<T> task) {
    auto value = std::make_shared<std::optional<T>>();  // the task may outlive this
    ferry_loop_->spawn(keep_value(std::move(task), value));
    while (!*value && !dead_ && poll() > 0) {
    }
    return *value;
  }
  // Somebody else in the cloud; Ferry stands still meanwhile.
  template <class T>
  T run_in_cloud(net::Task<T> task) {
    std::optional<T> value;
    cloud_loop_.spawn(store_value(std::move(task), value));
    cloud_loop_.context().restart();
    while (!value) cloud_loop_.context().run_one();
    return *std::move(value);
  }
  template <class T>
  T run_until_done(net::Task<T> task) {
    std::optional<T> value;
    ferry_loop_->spawn(store_value(std::move(task), value));
    run();
    FERRY_CHECK(value.has_value());
    return *std::move(value);
  }

  Control& control() { return *control_; }
  Context& context() { return *context_; }
  drydock::Cloud& cloud() { return *cloud_; }
  const fleet::OrganizationId& organization() const { return organization_; }
  std::uint64_t messages() const { return messages_; }
  const std::vector<std::string>& journal() const { return journal_; }
  void forget_journal() { journal_.clear(); }

  WorkspaceStarted create(const std::string& name, fleet::WorkspaceOptions options = {});
  OperationView operation(const fleet::OperationId& id);
  // Azure's side, asked directly: every resource of the subscription (not the parts of others), by
  // lower-case id, and every resource group.
  std::vector<std::string> resources_in_cloud();
  std::vector<std::string> groups_in_cloud();
  // An ARM request of somebody else; the path below the subscription.
  net::HttpResponse arm(const std::string& method, const std::string& path,
                        const std::string& version, const json::object& body = {});

  // What must hold of a workspace that is ready, and of nothing at all.
  void expect_one_workspace(const fleet::WorkspaceId& id, const std::string& why);
  void expect_empty_cloud(const std::string& why);

 private:
  template <class T>
  static net::Task<void> store_value(net::Task<T> task, std::optional<T>& value) {
    T result = co_await std::move(task);
    value.emplace(std::move(result));
  }
  template <class T>
  static net::Task<void> keep_value(net::Task<T> task, std::shared_ptr<std::optional<T>> value) {
    T result = co_await std::move(task);
    value->emplace(std::move(result));
  }
  static int on_open(void* database, char** error, const void* api);
  static int on_commit(void* self);
  std::size_t poll();  // what both loops can do at once
  // Counts a place; true when the life ends there.
  bool ends_here();
  net::Task<Result<net::HttpResponse>> carry(net::HttpCall call);
  net::Task<void> never();
  void make_account();

  std::filesystem::path directory_;
  VirtualTime time_;
  net::EventLoop cloud_loop_;
  std::unique_ptr<drydock::Cloud> cloud_;
  std::unique_ptr<net::EventLoop> ferry_loop_;
  std::unique_ptr<net::Notifier> nothing_;
  std::unique_ptr<Control> control_;
  Context* context_ = nullptr;
  fleet::OrganizationId organization_;
  std::string admin_token_;
  Timestamp admin_token_ends_;
  std::uint64_t place_ = 0;
  std::uint64_t kill_at_ = 0;
  bool dead_ = false;
  std::uint64_t messages_ = 0;
  std::vector<std::string> journal_;
};

}  // namespace ferry::control
