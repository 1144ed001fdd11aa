// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/deprovisioning.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "control/certificates/ca_keys.hpp"
#include "control/lookup.hpp"
#include "control/workspaces/provisioning_site.hpp"

namespace ferry::control {
namespace {

namespace keys = fleet::keys;
using fleet::ResourceState;
using fleet::WorkspaceId;

constexpr const char* kResourcesVersion = "2022-09-01";

enum class Fate { gone, goes, stays };

struct Finding {
  Fate fate = Fate::gone;
  std::string reason;
};

// Resources in the group that are none of this workspace's: without its tag, or adopted.
net::Task<Result<std::vector<std::string>>> strangers_in_group(
    Site site, std::vector<fleet::Resource> recorded) {
  auto found =
      co_await site.arm.list(site.id_of(keys::kResourceGroup) + "/resources", kResourcesVersion);
  if (!found) {
    if (found.error().code == Code::not_found) co_return std::vector<std::string>();
    co_return fail(std::move(found).error().with("look for what else is in the resource group"));
  }
  std::vector<std::string> strangers;
  for (const auto& item : *found) {
    const auto* object = item.if_object();
    if (!object) continue;
    const std::string id = string_or(*object, "id", "");
    const bool adopted =
        std::any_of(recorded.begin(), recorded.end(), [&](const fleet::Resource& row) {
          return row.origin == fleet::ResourceOrigin::adopted &&
                 equals_ignore_case(row.azure_id, id);
        });
    if (adopted || !belongs_to(*object, site.workspace)) {
      strangers.push_back(string_or(*object, "name", id));
    }
  }
  co_return strangers;
}

// Of a resource that is no part of another.
net::Task<Result<Finding>> look_at(Site site, fleet::Resource row,
                                   std::vector<fleet::Resource> recorded) {
  if (row.state == ResourceState::planned) co_return Finding{};
  if (row.origin == fleet::ResourceOrigin::adopted) {
    co_return Finding{Fate::stays, "it was adopted: Ferry only lets go of it"};
  }
  auto current = co_await site.arm.get(row.azure_id, site.at(row.key).api_version);
  if (!current) {
    if (current.error().code == Code::not_found) co_return Finding{};
    co_return fail(std::move(current).error());
  }
  if (!belongs_to(*current, site.workspace)) {
    co_return Finding{Fate::stays, fmt::format("it does not carry the tag {}={}",
                                               fleet::kWorkspaceTag, site.workspace.id)};
  }
  if (row.key != keys::kResourceGroup) co_return Finding{Fate::goes, {}};
  auto strangers = co_await strangers_in_group(site, std::move(recorded));
  if (!strangers) co_return fail(std::move(strangers).error());
  if (strangers->empty()) co_return Finding{Fate::goes, {}};
  co_return Finding{Fate::stays, fmt::format("it holds what Ferry did not make: {}",
                                             fmt::join(*strangers, ", "))};
}

Result<void> forget_rows(Context& context, const Site& site, const std::string& key) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  for (const auto& resource : site.desired) {
    if (resource.key != key && resource.parent != key &&
        (resource.parent.empty() || site.at(resource.parent).parent != key)) {
      continue;
    }
    auto removed = context.store.resources.remove(site.workspace.id, resource.key);
    if (!removed) return removed;
  }
  return transaction->commit();
}

net::Task<Result<void>> drop(Context& context, WorkspaceId id, std::string key, StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto rows = context.store.resources.list(id);
  if (!rows) co_return fail(std::move(rows).error());
  const auto row = std::find_if(rows->begin(), rows->end(),
                                [&](const fleet::Resource& each) { return each.key == key; });
  if (row == rows->end()) co_return Result<void>();
  auto finding = co_await look_at(*site, *row, *rows);
  if (!finding) co_return fail(std::move(finding).error());
  if (finding->fate == Fate::stays) {
    step.detail(fmt::format("{} stays: {}", row->name, finding->reason));
    co_return forget_rows(context, *site, key);
  }
  if (finding->fate == Fate::goes) {
    auto marked = set_resource_state(context, id, key, ResourceState::deleting);
    if (!marked) co_return marked;
    auto removed = co_await site->arm.remove(row->azure_id, site->at(key).api_version,
                                             show_in(step, row->name));
    if (!removed) {
      auto failed = set_resource_state(context, id, key, ResourceState::failed);
      if (!failed) log::warning("provisioning", "{}", failed.error().describe());
      co_return fail(
          std::move(removed).error().with("delete {} {}", site->at(key).title, row->name));
    }
    step.detail(row->name);
  }
  co_return forget_rows(context, *site, key);
}

// Rows that refer to the workspace go with it; secrets are kept by owner and are taken one by one.
Result<void> forget_workspace(Context& context, const WorkspaceId& id) {
  context.clouds.forget(id);
  context.reports.erase(id.str());
  auto groups = context.store.groups.list(id);
  if (!groups) return fail(std::move(groups).error());
  for (const auto& group : *groups) {
    auto removed = context.store.secrets.remove_all(group.id.str());
    if (!removed) return removed;
    auto authorities = forget_authorities(context, group.id.str());
    if (!authorities) return authorities;
  }
  auto authorities = forget_authorities(context, id.str());
  if (!authorities) return authorities;
  auto removed = context.store.secrets.remove_all(id.str());
  if (!removed) return removed;
  return context.store.workspaces.remove(id);
}

Result<void> mark_failed(Context& context, const WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  workspace->state = fleet::LifeState::failed;
  return context.store.workspaces.update(*workspace);
}

// Those that are no part of another, the last made first, each with the titles of what must be gone
// before it.
std::vector<std::pair<fleet::DesiredResource, std::vector<std::string>>> in_reverse(
    const std::vector<fleet::DesiredResource>& desired) {
  std::vector<std::pair<fleet::DesiredResource, std::vector<std::string>>> order;
  for (auto resource = desired.rbegin(); resource != desired.rend(); ++resource) {
    if (!resource->parent.empty()) continue;
    std::vector<std::string> before;
    for (const auto& [other, unused] : order) {
      if (std::find(other.after.begin(), other.after.end(), resource->key) != other.after.end()) {
        before.push_back(other.title);
      }
    }
    order.emplace_back(*resource, std::move(before));
  }
  return order;
}

}  // namespace

net::Task<Result<std::vector<DeletionItem>>> plan_deletion(Context& context, WorkspaceId id) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto rows = context.store.resources.list(id);
  if (!rows) co_return fail(std::move(rows).error());
  std::vector<DeletionItem> items;
  std::map<std::string, Finding> findings;
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    const auto* resource = fleet::find_resource(site->desired, row->key);
    if (!resource || !resource->parent.empty()) continue;
    auto finding = co_await look_at(*site, *row, *rows);
    if (!finding) co_return fail(std::move(finding).error());
    findings[row->key] = *std::move(finding);
  }
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    const auto* whole = fleet::find_resource(site->desired, row->key);
    while (whole && !whole->parent.empty()) {
      whole = fleet::find_resource(site->desired, whole->parent);
    }
    if (!whole || row->state == ResourceState::planned) continue;
    const auto& finding = findings[whole->key];
    if (finding.fate == Fate::gone) continue;
    items.push_back(
        {row->type, row->name, row->azure_id, finding.fate == Fate::goes, finding.reason});
  }
  co_return items;
}

Result<Workflow> remove_workspace(Context& context, const WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  Workflow workflow;
  for (auto& [resource, before] : in_reverse(fleet::desired_resources(*workspace))) {
    auto run = [&context, id, key = resource.key](StepContext& step) {
      return drop(context, id, key, step);
    };
    workflow.steps.push_back({resource.title, std::move(run), std::move(before)});
  }
  workflow.succeeded = [&context, id] { return forget_workspace(context, id); };
  workflow.failed = [&context, id](const Error&) { return mark_failed(context, id); };
  return workflow;
}

}  // namespace ferry::control
