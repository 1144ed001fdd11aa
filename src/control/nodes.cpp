// SPDX-License-Identifier: Apache-2.0
#include "control/nodes.hpp"

#include "control/lookup.hpp"
#include "control/node_tokens.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/names.hpp"

namespace ferry::control {

Result<NodeTicket> Nodes::create(const fleet::OrganizationId& organization,
                                 const std::string& workspace_name, const std::string& name,
                                 const std::string& group_name) {
  auto name_is_good = fleet::check_node_name(name);
  if (!name_is_good) return fail(std::move(name_is_good).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto group = find_group(context_, *workspace, group_name);
  if (!group) return fail(std::move(group).error());
  if (group->state != fleet::LifeState::ready) {
    return fail(Error{
        Code::conflict,
        fmt::format("node group '{}' is not ready: it is {}", group->name, to_string(group->state)),
        fmt::format("ferry group create {} goes on with one that failed", group->name)});
  }
  fleet::Node node;
  node.id = fleet::NodeId(random_id("node"));
  node.workspace = workspace->id;
  node.group = group->id;
  node.name = name;
  node.registration_id = fleet::registration_id(name, node.id);
  node.created_at = context_.clock.now();

  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto inserted = context_.store.nodes.insert(node);
  if (!inserted && inserted.error().code == Code::conflict) {
    return fail(Error{
        Code::conflict,
        fmt::format("workspace '{}' has a node '{}' already", workspace->name, name),
        fmt::format("ferry node token {} gives a new token while it is not registered", name)});
  }
  if (!inserted) return fail(std::move(inserted).error());
  auto ticket = new_ticket(node, group->name);
  if (!ticket) return ticket;
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return ticket;
}

Result<NodeTicket> Nodes::new_ticket(const fleet::Node& node, const std::string& group) {
  const Secret token = make_node_token();
  const Timestamp expires_at = context_.clock.now() + kNodeTokenLife;
  auto kept = context_.store.nodes.put_token(
      {.node = node.id, .hash = hash_token(token), .expires_at = expires_at, .used_at = {}});
  if (!kept) return fail(std::move(kept).error());
  return NodeTicket{node.id, node.name, group, node.registration_id, token, expires_at};
}

Result<NodeTicket> Nodes::issue_token(const fleet::OrganizationId& organization,
                                      const std::string& workspace_name, const std::string& name) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto node = find_node(context_, *workspace, name);
  if (!node) return fail(std::move(node).error());
  if (node->registered_at || node->deleting) {
    return fail(Error{Code::conflict,
                      fmt::format("node '{}' is {}", node->name,
                                  node->deleting ? "being deleted" : "registered already"),
                      "delete the node and create it again to register another device"});
  }
  auto group = load_group(context_, node->group);
  if (!group) return fail(std::move(group).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto ticket = new_ticket(*node, group->name);
  if (!ticket) return ticket;
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return ticket;
}

Result<OperationView> Nodes::remove(const fleet::OrganizationId& organization,
                                    const std::string& workspace_name, const std::string& name) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto node = find_node(context_, *workspace, name);
  if (!node) return fail(std::move(node).error());
  auto last = context_.store.operations.find_newest(node->id.str());
  if (!last) return fail(std::move(last).error());
  if (node->deleting && *last && !(*last)->finished_at) {
    return fail(Code::conflict, "node '{}' is being deleted already", node->name);
  }
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  node->deleting = true;
  auto updated = context_.store.nodes.update(*node);
  if (!updated) return fail(std::move(updated).error());
  auto ended = context_.store.nodes.remove_sessions(node->id);
  if (!ended) return fail(std::move(ended).error());
  auto operation =
      context_.engine.prepare({.organization = organization,
                               .kind = "node.delete",
                               .target = fmt::format("{}/{}", workspace->name, node->name),
                               .subject = node->id.str(),
                               .lane = node->id.str()});
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  return to_view(*operation);
}

}  // namespace ferry::control
