// SPDX-License-Identifier: Apache-2.0
// What each command does, given its arguments. One .cpp per noun.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/chain_file.hpp"
#include "cli/context.hpp"
#include "cli/credential_input.hpp"

namespace ferry::cli {

using Done = net::Task<Result<void>>;

// rollout_commands.hpp has the verbs. What applying a change takes to make it a rollout, as
// written; empty: as the server has it.
struct RolloutOptions {
  std::vector<std::string> canaries;
  std::string waves;
  std::string soak;
  std::string success;
  std::string max_failures;
  std::string patience;
  std::string deadline;
  std::string on_failure;
  std::string scope;
  std::string file;
  bool wait = true;
};

// workspace_commands.cpp
struct WorkspaceCreate {
  std::string name;
  std::string location;
  std::string cloud_account;
  std::string sku;  // empty: what the server takes
  int units = 0;    // 0: the same
  bool event_hubs = false;
  int partitions = 0;
  int retention_hours = 0;
  bool identity_based = false;
  std::string adopt_hub;  // full Azure ids; empty: one is made
  std::string adopt_dps;
  std::string adopt_storage;
  std::string adopt_registry;
  bool plan = false;
};
struct WorkspaceDelete {
  std::string name;
  bool yes = false;
};
Done workspace_create(Context& context, WorkspaceCreate arguments);
Done workspace_list(Context& context);
Done workspace_show(Context& context, std::string name);  // with its resources
Done workspace_delete(Context& context, WorkspaceDelete arguments);
Done workspace_retry(Context& context, std::string name);
Done workspace_verify(Context& context, std::string name);  // fails when something has drifted
Done workspace_repair(Context& context, std::string name);
Done workspace_export(Context& context, std::string name);

// cloud_account_commands.cpp
struct CloudAccountCreate {
  std::string name;
  std::string environment = "AzureCloud";
  std::string resource_manager;  // of another cloud
  std::string ca_file;
  std::string tenant_id;
  std::string subscription_id;
  CredentialArguments credential;
};
Done cloud_account_create(Context& context, CloudAccountCreate arguments);
struct CloudAccountUpdate {
  std::string name;
  CredentialArguments credential;
};
Done cloud_account_update(Context& context, CloudAccountUpdate arguments);
struct CloudAccountRole {
  std::string name;
  bool event_hubs = true;
  bool identity_based = true;
  bool register_providers = true;
};
Done cloud_account_role(Context& context, CloudAccountRole arguments);
struct CloudAccountPreflight {
  std::string name;
  std::string location;
  std::string sku = "S1";
  int units = 1;
  bool event_hubs = false;
  bool identity_based = false;
  bool register_providers = false;
};
Done cloud_account_preflight(Context& context, CloudAccountPreflight arguments);
Done cloud_account_locations(Context& context, std::string name);
Done cloud_account_throttles(Context& context, std::string name);
Done cloud_account_list(Context& context);
Done cloud_account_show(Context& context, std::string name);
Done cloud_account_delete(Context& context, std::string name);

// group_commands.cpp
Done group_create(Context& context, std::string name);
Done group_list(Context& context);
Done group_show(Context& context, std::string name);  // with its compositions
Done group_delete(Context& context, std::string name);
struct GroupRestore {
  std::string name;
  std::int64_t composition = 0;
  bool plan_only = false;
  bool allow_removals = false;
  RolloutOptions rollout = {};
};
Done group_restore(Context& context, GroupRestore arguments);

// component_commands.cpp
Done component_publish(Context& context, std::string directory);
Done component_list(Context& context);
Done component_show(Context& context, std::string name);
struct ImageImport {
  std::string root_file_system;  // path of a tar
  std::string reference;         // "base/busybox:1.35"
  std::string platform;
};
Done image_import(Context& context, ImageImport arguments);

// node_commands.cpp
struct NodeCreate {
  std::string name;
  std::string group;
  int token_hours = 0;  // 0: as the policy has it
};
Done node_create(Context& context, NodeCreate arguments);
struct TokenCreate {
  std::string node;
  int hours = 0;  // 0: as the policy has it
};
Done token_create(Context& context, TokenCreate arguments);
Done node_replace(Context& context, TokenCreate arguments);
struct NodeList {
  std::string search;
  std::string group;
  std::string health;
};
Done node_list(Context& context, NodeList arguments);
Done node_show(Context& context, std::string name);
Done node_delete(Context& context, std::string name);
// node_offline_commands.cpp: for devices that cannot reach Ferry, or not yet.
struct NodeBundle {
  std::string name;
  std::string out;
};
Done node_bundle(Context& context, NodeBundle arguments);
struct NodeCertificate {
  std::string name;
  std::string request;
  std::string out;
};
Done node_certificate(Context& context, NodeCertificate arguments);
struct Logs {
  std::string node;
  std::string component;
  int tail = 100;
  bool follow = false;
};
Done node_logs(Context& context, Logs arguments);
struct Status {
  std::string node;  // empty: all
  bool watch = false;
};
Done status(Context& context, Status arguments);

// registration_commands.cpp
struct NodeBatch {
  std::string from;
  std::string tokens_out;
  std::string group;  // of rows that name none
  int token_hours = 0;
};
Done node_create_many(Context& context, NodeBatch arguments);
Done token_list(Context& context);
Done token_revoke(Context& context, std::string node);
Done node_history(Context& context, std::string node);  // empty: of the whole workspace
struct EnrollmentCreate {
  std::string name;
  std::string group;
  std::string pattern = "*";
  std::int64_t quota = 0;
  std::int64_t days = 30;
  bool automatic = false;
};
Done enrollment_create(Context& context, EnrollmentCreate arguments);
Done enrollment_list(Context& context);
Done enrollment_show(Context& context, std::string name);
Done enrollment_revoke(Context& context, std::string name);
Done enrollment_requests(Context& context, std::string state);
struct Decision {
  std::string id;
  std::string note;
  bool approve = false;
};
Done enrollment_decide(Context& context, Decision arguments);
Done policy_show(Context& context, std::string group);  // empty: of the workspace
struct PolicySet {
  std::string group;
  // "inherit", or a value; empty: leave it.
  std::string server_keys;
  std::string edge_ca;
  std::string grace_days;
  std::string late;
  std::string token_hours;
};
Done policy_set(Context& context, PolicySet arguments);

// access_commands.cpp
struct Revoke {
  std::string noun;  // "node", "group", "workspace"
  std::string name;
  std::string reason;
  bool yes = false;
};
Done revoke(Context& context, Revoke arguments);
Done reinstate(Context& context, Revoke arguments);
Done revocation_list(Context& context);
struct Move {
  std::string node;
  std::string group;
  std::string plan_id;
  bool plan_only = false;
  bool allow_removals = false;
};
Done node_move(Context& context, Move arguments);
Done node_deregister(Context& context, std::string name);

// deployment_commands.cpp
struct Deploy {
  std::vector<std::string> components;  // "sampler" or "sampler@1.0.0"
  std::vector<std::string> groups;
  std::string selector;
  std::vector<std::string> settings;  // "sampler.rate=5"; empty: as they are
  std::string name = "default";
  bool plan_only = false;
  bool allow_removals = false;
  RolloutOptions rollout = {};
};
Done deploy(Context& context, Deploy arguments);
Done deployment_list(Context& context);
Done deployment_show(Context& context, std::string name);
struct DeploymentDelete {
  std::string name;
  bool allow_removals = false;
};
Done deployment_delete(Context& context, DeploymentDelete arguments);
Done deployment_history(Context& context, std::string name);
struct DeploymentDiff {
  std::string name;
  std::int64_t from = 0;  // 0: the one before `to`
  std::int64_t to = 0;    // 0: the newest
};
Done deployment_diff(Context& context, DeploymentDiff arguments);
struct DeploymentRollback {
  std::string name;
  std::int64_t revision = 0;  // 0: the one before the present
  bool plan_only = false;
  bool allow_removals = false;
  RolloutOptions rollout = {};
};
Done deployment_rollback(Context& context, DeploymentRollback arguments);

// plan_commands.cpp
Done plan_list(Context& context);
Done plan_show(Context& context, std::string id);
struct PlanApply {
  std::string id;
  bool allow_removals = false;
  RolloutOptions rollout = {};
};
Done plan_apply(Context& context, PlanApply arguments);
struct PlanResolve {
  std::string id;
  int number = 0;
};
Done plan_resolve(Context& context, PlanResolve arguments);
struct Simulate {
  std::vector<std::string> plans;  // ids
};
Done simulate(Context& context, Simulate arguments);

// console_command.cpp
struct Console {
  bool open = true;  // in a browser, where there is a desktop
};
Done console(Context& context, Console arguments);

// overview_commands.cpp
Done operation_list(Context& context);
Done operation_show(Context& context, std::string id);  // follows it when it still runs
Done operation_cancel(Context& context, std::string id);

}  // namespace ferry::cli
