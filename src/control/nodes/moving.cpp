// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/moving.hpp"

#include <algorithm>
#include <map>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "control/lookup.hpp"
#include "control/trail.hpp"

namespace ferry::control {
namespace {

struct MoveSite {
  fleet::Workspace workspace;
  fleet::Node node;
  fleet::NodeGroup from;
  fleet::NodeGroup to;
};

Result<MoveSite> find_site(const Context& context, const fleet::OrganizationId& organization,
                           const std::string& workspace_name, const std::string& node_name,
                           const std::string& group_name) {
  auto workspace = find_ready_workspace(context, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto node = find_node(context, *workspace, node_name);
  if (!node) return fail(std::move(node).error());
  if (node->deleting) return fail(Code::conflict, "node '{}' is being deleted", node->name);
  auto to = find_ready_group(context, *workspace, group_name);
  if (!to) return fail(std::move(to).error());
  if (node->group == to->id) {
    return fail(Code::conflict, "node '{}' is in group '{}' already", node->name, to->name);
  }
  auto from = load_group(context, node->group);
  if (!from) return fail(std::move(from).error());
  return MoveSite{*std::move(workspace), *std::move(node), *std::move(from), *std::move(to)};
}

// Component to version, as the group's standing composition has them.
Result<std::map<std::string, std::string>> standing(const Context& context,
                                                    const fleet::NodeGroup& group) {
  auto compositions = context.store.compositions.list(group.id);
  if (!compositions) return fail(std::move(compositions).error());
  std::map<std::string, std::string> components;
  for (const auto& composition : *compositions) {
    if (composition.version != group.composition_version) continue;
    for (const auto& module : composition.modules) components[module.name] = module.version;
  }
  return components;
}

std::string id_of(const MoveSite& site, const MovePlan& plan) {
  std::string promise =
      fmt::format("{} {} {} {}", site.node.id, site.from.id, site.to.id, plan.registered);
  for (const auto& [name, version] : plan.added) promise += fmt::format(" +{} {}", name, version);
  for (const auto& update : plan.updated) {
    promise += fmt::format(" {} {} {}", update.component, update.from, update.to);
  }
  for (const auto& [name, version] : plan.removed) promise += fmt::format(" -{} {}", name, version);
  for (const auto& [name, version] : plan.unchanged) {
    promise += fmt::format(" ={} {}", name, version);
  }
  return "move-" + hex_encode(sha256(promise)).substr(0, 16);
}

Result<MovePlan> plan_of(const Context& context, const MoveSite& site) {
  auto before = standing(context, site.from);
  if (!before) return fail(std::move(before).error());
  auto after = standing(context, site.to);
  if (!after) return fail(std::move(after).error());
  MovePlan plan{{},
                site.node.name,
                site.from.name,
                site.to.name,
                site.node.registered_at.has_value(),
                {},
                {},
                {},
                {}};
  for (const auto& [name, version] : *after) {
    const auto old = before->find(name);
    if (old == before->end()) {
      plan.added.push_back({name, version});
    } else if (old->second == version) {
      plan.unchanged.push_back({name, version});
    } else {
      plan.updated.push_back({name, old->second, version});
    }
  }
  for (const auto& [name, version] : *before) {
    if (!after->contains(name)) plan.removed.push_back({name, version});
  }
  plan.id = id_of(site, plan);
  return plan;
}

Result<store::Operation> prepare(Context& context, const fleet::Workspace& workspace,
                                 const fleet::Node& node, std::string kind) {
  return context.engine.prepare({.organization = workspace.organization,
                                 .kind = std::move(kind),
                                 .target = fmt::format("{}/{}", workspace.name, node.name),
                                 .subject = node.id.str(),
                                 .lane = workspace.id.str()});
}

}  // namespace

Result<MovePlan> Moving::plan(const fleet::OrganizationId& organization,
                              const std::string& workspace, const std::string& node,
                              const std::string& group) const {
  auto site = find_site(context_, organization, workspace, node, group);
  if (!site) return fail(std::move(site).error());
  return plan_of(context_, *site);
}

Result<std::variant<MoveStarted, MoveRefused>> Moving::move(
    const fleet::OrganizationId& organization, const std::string& workspace,
    const std::string& node_name, const std::string& group, const std::string& plan_id,
    bool allow_removals, const std::string& actor) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto site = find_site(context_, organization, workspace, node_name, group);
  if (!site) return fail(std::move(site).error());
  auto plan = plan_of(context_, *site);
  if (!plan) return fail(std::move(plan).error());
  if (!plan_id.empty() && plan_id != plan->id) {
    Error error{Code::precondition_failed,
                fmt::format("the world has moved since plan {}", plan_id),
                "plan again, look, and apply that"};
    return MoveRefused{std::move(error), *std::move(plan)};
  }
  if (!plan->removed.empty() && !allow_removals) {
    Error error{Code::conflict,
                fmt::format("{} components would be removed from '{}'", plan->removed.size(),
                            site->node.name),
                "agree with --allow-removals"};
    return MoveRefused{std::move(error), *std::move(plan)};
  }
  site->node.group = site->to.id;
  if (site->node.renew_after) site->node.renew_after = context_.clock.now();
  auto updated = context_.store.nodes.update(site->node);
  if (!updated) return fail(std::move(updated).error());
  auto left = context_.store.rollouts.forget_node(site->node.id);
  if (!left) return fail(std::move(left).error());
  auto noted = note(context_, site->node, "node.moved", actor,
                    fmt::format("from {} to {}", site->from.name, site->to.name));
  if (!noted) return fail(std::move(noted).error());
  auto operation = prepare(context_, site->workspace, site->node, "node.move");
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  return MoveStarted{*std::move(plan), to_view(*operation)};
}

Result<OperationView> Moving::deregister(const fleet::OrganizationId& organization,
                                         const std::string& workspace_name,
                                         const std::string& node_name, const std::string& actor) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto node = find_node(context_, *workspace, node_name);
  if (!node) return fail(std::move(node).error());
  if (node->deleting || !node->registered_at) {
    return fail(Code::conflict, "node '{}' is {}", node->name,
                node->deleting ? "being deleted" : "not registered");
  }
  for (const auto& owner : {node->id.str(), store::edge_authority_owner(node->id)}) {
    auto certificates = context_.store.certificates.list_of(owner);
    if (!certificates) return fail(std::move(certificates).error());
    for (const auto& certificate : *certificates) {
      auto revoked =
          context_.store.certificates.revoke(certificate.id, context_.clock.now(), "deregistered");
      if (!revoked) return fail(std::move(revoked).error());
    }
  }
  auto token = context_.store.nodes.remove_token(node->id);
  if (!token) return fail(std::move(token).error());
  node->registered_at.reset();
  node->renew_after.reset();
  node->pinned_until.reset();
  node->seen_at.reset();
  auto updated = context_.store.nodes.update(*node);
  if (!updated) return fail(std::move(updated).error());
  auto noted = note(context_, *node, "node.deregistered", actor);
  if (!noted) return fail(std::move(noted).error());
  auto operation = prepare(context_, *workspace, *node, "node.deregister");
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  return to_view(*operation);
}

}  // namespace ferry::control
