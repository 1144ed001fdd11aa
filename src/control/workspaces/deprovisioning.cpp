// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/deprovisioning.hpp"

#include <algorithm>

#include "azure/arm/hub_routing.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "base/log.hpp"
#include "control/certificates/ca_keys.hpp"
#include "control/certificates/dps_authorities.hpp"
#include "control/lookup.hpp"
#include "control/workspaces/group_objects.hpp"
#include "control/workspaces/provisioning_site.hpp"
#include "fleet/hubs.hpp"

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

// A part that Ferry added to what it adopted. That the whole is gone is success.
net::Task<Result<void>> take_out(Context& context, Site site, fleet::DesiredResource part,
                                 StepContext& step) {
  auto& client = site.arm;
  if (part.kind == keys::kHubLink) {
    co_return co_await azure::arm::remove_hub_link(client, site.id_of(part.parent),
                                                   fleet::hub_host(site.workspace, part.hub),
                                                   show_in(step, part.name));
  }
  if (part.kind == keys::kRouting) {
    const auto hub = site.place_of(part.hub);
    auto removed = co_await azure::arm::remove_routing(client, hub.group, hub.name, {part.name},
                                                       show_in(step, part.name));
    if (!removed && removed.error().code == Code::not_found) co_return Result<void>();
    co_return removed;
  }
  if (part.kind == keys::kWorkspaceCa) {
    auto authorities = context.store.certificates.list_authorities(site.workspace.id.str());
    if (!authorities) co_return fail(std::move(authorities).error());
    for (const auto& authority : *authorities) {
      auto removed = co_await remove_authority(context, site.workspace, authority);
      if (!removed) co_return removed;
    }
    co_return Result<void>();
  }
  co_return co_await client.remove(site.id_of(part), part.api_version, show_in(step, part.name));
}

net::Task<Result<void>> drop_part(Context& context, WorkspaceId id, std::string key,
                                  StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto row = context.store.resources.find(id, key);
  if (!row) co_return fail(std::move(row).error());
  const bool ours = *row && (*row)->state != ResourceState::planned &&
                    (*row)->origin == fleet::ResourceOrigin::created;
  if (ours) {
    auto marked = set_resource_state(context, id, key, ResourceState::deleting);
    if (!marked) co_return marked;
    auto removed = co_await take_out(context, *site, site->at(key), step);
    if (!removed) {
      co_return fail(
          std::move(removed).error().with("take {} out of what was adopted", site->at(key).title));
    }
    step.detail(site->at(key).name);
  }
  co_return context.store.resources.remove(id, key);
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

// Those that go by a step of their own: no part of another, or a part of what was adopted.
bool goes_by_itself(const std::vector<fleet::DesiredResource>& desired,
                    const fleet::DesiredResource& resource) {
  return resource.parent.empty() || fleet::whole_of(desired, resource).adopted;
}

// They, the last made first, each with the titles of what must be gone before it.
std::vector<std::pair<fleet::DesiredResource, std::vector<std::string>>> in_reverse(
    const std::vector<fleet::DesiredResource>& desired) {
  std::vector<std::pair<fleet::DesiredResource, std::vector<std::string>>> order;
  for (auto resource = desired.rbegin(); resource != desired.rend(); ++resource) {
    if (!goes_by_itself(desired, *resource)) continue;
    std::vector<std::string> before;
    for (const auto& [other, unused] : order) {
      const bool needs =
          std::find(other.after.begin(), other.after.end(), resource->key) != other.after.end() ||
          other.parent == resource->key;
      if (needs) before.push_back(other.title);
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
    const auto* resource = fleet::find_resource(site->desired, row->key);
    if (!resource || row->state == ResourceState::planned) continue;
    const auto& whole = fleet::whole_of(site->desired, *resource);
    const auto& finding = findings[whole.key];
    if (finding.fate == Fate::gone) continue;
    DeletionItem item{row->type, row->name, row->azure_id, finding.fate == Fate::goes,
                      finding.reason};
    if (whole.adopted && resource->key != whole.key) {
      item.goes = row->origin == fleet::ResourceOrigin::created;
      item.reason = item.goes ? "" : "it was there already";
    }
    if (whole.adopted && resource->key == whole.key) {
      auto inside = group_objects_in(context, *site, whole);
      if (!inside) co_return fail(std::move(inside).error());
      std::move(inside->begin(), inside->end(), std::back_inserter(items));
    }
    items.push_back(std::move(item));
  }
  co_return items;
}

Result<Workflow> remove_workspace(Context& context, const WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  const auto desired = fleet::desired_resources(*workspace);
  Workflow workflow;
  std::vector<std::string> emptied;
  for (const auto& resource : desired) {
    if (!resource.adopted || !group_repair_of(resource)) continue;
    emptied.push_back("Node groups in " + resource.title);
    workflow.steps.push_back({emptied.back(),
                              [&context, id, key = resource.key](StepContext& step) {
                                return remove_group_objects(context, id, key, step);
                              },
                              std::vector<std::string>()});
  }
  for (auto& [resource, before] : in_reverse(desired)) {
    before.insert(before.end(), emptied.begin(), emptied.end());
    auto run = [&context, id, key = resource.key,
                is_part = !resource.parent.empty()](StepContext& step) {
      return is_part ? drop_part(context, id, key, step) : drop(context, id, key, step);
    };
    workflow.steps.push_back({resource.title, std::move(run), std::move(before)});
  }
  workflow.succeeded = [&context, id] { return forget_workspace(context, id); };
  workflow.failed = [&context, id](const Error&) { return mark_failed(context, id); };
  return workflow;
}

}  // namespace ferry::control
