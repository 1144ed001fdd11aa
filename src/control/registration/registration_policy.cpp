// SPDX-License-Identifier: Apache-2.0
#include "control/registration/registration_policy.hpp"

#include "control/lookup.hpp"

namespace ferry::control {
namespace {

constexpr std::int64_t kLongestGraceDays = 3650;
constexpr std::int64_t kLongestTokenHours = 24 * 90;

struct Level {
  fleet::Workspace workspace;
  std::optional<fleet::NodeGroup> group;
  const std::string& owner() const { return group ? group->id.str() : workspace.id.str(); }
  const std::string& name() const { return group ? group->name : workspace.name; }
};

Result<Level> find_level(const Context& context, const fleet::OrganizationId& organization,
                         const std::string& workspace_name, const std::string& group_name) {
  auto workspace = find_workspace(context, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  Level level{*std::move(workspace), std::nullopt};
  if (!group_name.empty()) {
    auto group = find_group(context, level.workspace, group_name);
    if (!group) return fail(std::move(group).error());
    level.group = *std::move(group);
  }
  return level;
}

Result<RegistrationPolicyView> view_of(const Context& context, const Level& level) {
  auto record = context.store.registration_policies.find(level.owner());
  if (!record) return fail(std::move(record).error());
  auto effective = registration_policy(
      context, level.workspace.id,
      level.group ? std::optional(level.group->id) : std::optional<fleet::NodeGroupId>());
  if (!effective) return fail(std::move(effective).error());
  RegistrationPolicyView view;
  if (*record) view.set = **std::move(record);
  view.set.owner = level.owner();
  view.set.workspace = level.workspace.id;
  view.effective = *effective;
  return view;
}

Result<void> check_range(const std::optional<std::optional<std::int64_t>>& value,
                         std::string_view name, std::int64_t least, std::int64_t most) {
  if (!value || !*value || (**value >= least && **value <= most)) return {};
  return fail(Code::invalid_argument, "'{}' must be {} to {}", name, least, most);
}

Result<void> check(const RegistrationPolicyChange& change) {
  auto grace = check_range(change.grace_days, "graceDays", 0, kLongestGraceDays);
  if (!grace) return grace;
  auto hours = check_range(change.token_hours, "tokenHours", 1, kLongestTokenHours);
  if (!hours) return hours;
  if (change.late && *change.late && **change.late != "approve" && **change.late != "refuse") {
    return fail(Code::invalid_argument, "'late' must be approve or refuse");
  }
  return {};
}

std::string describe(const RegistrationPolicy& policy) {
  return fmt::format("serverKeys {}, graceDays {}, late {}, tokenHours {}, edgeCa {}",
                     policy.server_keys ? "allowed" : "forbidden", policy.grace_days,
                     policy.late_approval ? "approve" : "refuse", policy.token_hours,
                     policy.edge_authorities ? "allowed" : "forbidden");
}

}  // namespace

Result<RegistrationPolicy> registration_policy(const Context& context,
                                               const fleet::WorkspaceId& workspace,
                                               const std::optional<fleet::NodeGroupId>& group) {
  RegistrationPolicy policy;
  for (const auto& owner : {workspace.str(), group ? group->str() : std::string()}) {
    if (owner.empty()) continue;
    auto record = context.store.registration_policies.find(owner);
    if (!record) return fail(std::move(record).error());
    if (!*record) continue;
    const auto& set = **record;
    policy.server_keys = set.server_keys.value_or(policy.server_keys);
    policy.grace_days = set.grace_days.value_or(policy.grace_days);
    if (set.late) policy.late_approval = *set.late == "approve";
    policy.token_hours = set.token_hours.value_or(policy.token_hours);
    policy.edge_authorities = set.edge_authorities.value_or(policy.edge_authorities);
  }
  return policy;
}

Result<RegistrationPolicyView> Policies::get(const fleet::OrganizationId& organization,
                                             const std::string& workspace,
                                             const std::string& group) const {
  auto level = find_level(context_, organization, workspace, group);
  if (!level) return fail(std::move(level).error());
  return view_of(context_, *level);
}

Result<RegistrationPolicyView> Policies::change(const fleet::OrganizationId& organization,
                                                const std::string& workspace,
                                                const std::string& group,
                                                const RegistrationPolicyChange& change,
                                                const std::string& actor) {
  auto good = check(change);
  if (!good) return fail(std::move(good).error());
  auto level = find_level(context_, organization, workspace, group);
  if (!level) return fail(std::move(level).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto before = view_of(context_, *level);
  if (!before) return before;
  auto record = before->set;
  if (change.server_keys) record.server_keys = *change.server_keys;
  if (change.grace_days) record.grace_days = *change.grace_days;
  if (change.late) record.late = *change.late;
  if (change.token_hours) record.token_hours = *change.token_hours;
  if (change.edge_authorities) record.edge_authorities = *change.edge_authorities;
  auto kept = context_.store.registration_policies.put(record);
  if (!kept) return fail(std::move(kept).error());
  auto after = view_of(context_, *level);
  if (!after) return after;
  auto noted = context_.store.node_events.insert({.workspace = level->workspace.id,
                                                  .subject = level->owner(),
                                                  .name = level->name(),
                                                  .action = "policy.changed",
                                                  .actor = actor,
                                                  .detail = describe(after->effective),
                                                  .at = context_.clock.now()});
  if (!noted) return fail(std::move(noted).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return after;
}

}  // namespace ferry::control
