// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/nodes.hpp"

#include "control/lookup.hpp"
#include "control/registration/node_tokens.hpp"
#include "control/registration/registration_policy.hpp"
#include "control/trail.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

constexpr std::chrono::hours kLongestTokenLife{24 * 90};

Result<std::chrono::hours> token_life(const Context& context, const fleet::Node& node,
                                      const TokenOptions& options) {
  if (options.life) {
    if (*options.life >= std::chrono::hours(1) && *options.life <= kLongestTokenLife) {
      return *options.life;
    }
    return fail(Code::invalid_argument, "a token lives 1 to {} hours", kLongestTokenLife.count());
  }
  auto policy = registration_policy(context, node.workspace, node.group);
  if (!policy) return fail(std::move(policy).error());
  return std::chrono::hours(policy->token_hours);
}

}  // namespace

Result<NodeTicket> Nodes::insert(const fleet::Workspace& workspace, const fleet::NodeGroup& group,
                                 const std::string& name, const TokenOptions& options) {
  auto name_is_good = fleet::check_node_name(name);
  if (!name_is_good) return fail(std::move(name_is_good).error());
  fleet::Node node;
  node.id = fleet::NodeId(random_id("node"));
  node.workspace = workspace.id;
  node.group = group.id;
  node.name = name;
  node.registration_id = fleet::registration_id(name, node.id);
  node.created_at = context_.clock.now();
  auto inserted = context_.store.nodes.insert(node);
  if (!inserted && inserted.error().code == Code::conflict) {
    return fail(Error{
        Code::conflict, fmt::format("workspace '{}' has a node '{}' already", workspace.name, name),
        fmt::format("ferry node token create {} gives a new token while it is not registered",
                    name)});
  }
  if (!inserted) return fail(std::move(inserted).error());
  auto noted = note(context_, node, "node.created", options.actor);
  if (!noted) return fail(std::move(noted).error());
  return new_ticket(node, group.name, options, false);
}

Result<NodeTicket> Nodes::create(const fleet::OrganizationId& organization,
                                 const std::string& workspace_name, const std::string& name,
                                 const std::string& group_name, const TokenOptions& options) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto group = find_ready_group(context_, *workspace, group_name);
  if (!group) return fail(std::move(group).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto ticket = insert(*workspace, *group, name, options);
  if (!ticket) return ticket;
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return ticket;
}

Result<NodeTicket> Nodes::create_row(const fleet::Workspace& workspace,
                                     std::map<std::string, Result<fleet::NodeGroup>>& groups,
                                     const NewNode& row, bool again, const TokenOptions& options) {
  auto group = groups.find(row.group);
  if (group == groups.end()) {
    group = groups.emplace(row.group, find_ready_group(context_, workspace, row.group)).first;
  }
  if (!group->second) return fail(group->second.error());
  if (again) {
    auto known = context_.store.nodes.find_named(workspace.id, row.name);
    if (!known) return fail(std::move(known).error());
    const bool same = *known && (*known)->name == row.name && !(*known)->deleting &&
                      !(*known)->registered_at && (*known)->group == group->second->id;
    if (same) return new_ticket(**known, row.group, options, false);
  }
  return insert(workspace, *group->second, row.name, options);
}

Result<std::vector<BatchRow>> Nodes::create_many(const fleet::OrganizationId& organization,
                                                 const std::string& workspace_name,
                                                 const std::vector<NewNode>& rows, bool again,
                                                 const TokenOptions& options) {
  if (rows.size() > kLargestBatch) {
    return fail(Code::invalid_argument, "at most {} nodes at once", kLargestBatch);
  }
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  std::map<std::string, Result<fleet::NodeGroup>> groups;
  std::vector<BatchRow> made;
  made.reserve(rows.size());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  for (const auto& row : rows) {
    auto ticket = create_row(*workspace, groups, row, again, options);
    // Damage and a full disk are nobody's row.
    if (!ticket && (ticket.error().code == Code::internal ||
                    ticket.error().code == Code::resource_exhausted)) {
      return fail(std::move(ticket).error());
    }
    made.push_back({row.name, std::move(ticket)});
  }
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return made;
}

Result<NodeTicket> Nodes::new_ticket(const fleet::Node& node, const std::string& group,
                                     const TokenOptions& options, bool replaces) {
  auto life = token_life(context_, node, options);
  if (!life) return fail(std::move(life).error());
  const Secret token = make_node_token();
  const Timestamp now = context_.clock.now();
  auto kept = context_.store.nodes.put_token({.node = node.id,
                                              .hash = hash_token(token),
                                              .expires_at = now + *life,
                                              .used_at = {},
                                              .prefix = token_prefix(token),
                                              .created_at = now,
                                              .replaces = replaces});
  if (!kept) return fail(std::move(kept).error());
  auto noted = note(context_, node, "token.created", options.actor,
                    replaces ? "for new hardware: " + token_prefix(token) : token_prefix(token));
  if (!noted) return fail(std::move(noted).error());
  return NodeTicket{node.id, node.name, group, node.registration_id, token, now + *life};
}

Result<NodeTicket> Nodes::ticket_for(const fleet::OrganizationId& organization,
                                     const std::string& workspace_name, const std::string& name,
                                     const TokenOptions& options, bool replaces) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto node = find_node(context_, *workspace, name);
  if (!node) return fail(std::move(node).error());
  if (node->deleting) return fail(Code::conflict, "node '{}' is being deleted", node->name);
  if (node->registered_at && !replaces) {
    return fail(
        Error{Code::conflict, fmt::format("node '{}' is registered already", node->name),
              fmt::format("ferry node replace {} gives a token for new hardware in its place",
                          node->name)});
  }
  auto group = load_group(context_, node->group);
  if (!group) return fail(std::move(group).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto ticket =
      new_ticket(*node, group->name, options, replaces && node->registered_at.has_value());
  if (!ticket) return ticket;
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return ticket;
}

Result<NodeTicket> Nodes::issue_token(const fleet::OrganizationId& organization,
                                      const std::string& workspace, const std::string& node,
                                      const TokenOptions& options) {
  return ticket_for(organization, workspace, node, options, false);
}

Result<NodeTicket> Nodes::replace(const fleet::OrganizationId& organization,
                                  const std::string& workspace, const std::string& node,
                                  const TokenOptions& options) {
  return ticket_for(organization, workspace, node, options, true);
}

Result<std::vector<OpenTokenView>> Nodes::open_tokens(const fleet::OrganizationId& organization,
                                                      const std::string& workspace_name,
                                                      const std::string& after, int limit) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto tokens = context_.store.nodes.open_tokens(workspace->id, after, limit);
  if (!tokens) return fail(std::move(tokens).error());
  std::vector<OpenTokenView> views;
  for (const auto& [token, node, group] : *tokens) {
    views.push_back({node, group, token.prefix, token.replaces,
                     token.expires_at <= context_.clock.now(), token.created_at, token.expires_at});
  }
  return views;
}

Result<void> Nodes::revoke_token(const fleet::OrganizationId& organization,
                                 const std::string& workspace_name, const std::string& name,
                                 const std::string& actor) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto node = find_node(context_, *workspace, name);
  if (!node) return fail(std::move(node).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto removed = context_.store.nodes.remove_token(node->id);
  if (!removed) return fail(std::move(removed).error());
  if (!*removed) {
    return fail(Error{Code::not_found, fmt::format("node '{}' has no open token", node->name),
                      "ferry node token list shows them"});
  }
  auto noted = note(context_, *node, "token.revoked", actor);
  if (!noted) return noted;
  return transaction->commit();
}

Result<std::vector<store::NodeEvent>> Nodes::events(const fleet::OrganizationId& organization,
                                                    const std::string& workspace_name,
                                                    const std::string& name, std::int64_t before,
                                                    int limit) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  std::optional<std::string> subject;
  if (!name.empty()) {
    auto node = find_node(context_, *workspace, name);
    if (!node) return fail(std::move(node).error());
    subject = node->id.str();
  }
  return context_.store.node_events.list(workspace->id, subject, before, limit);
}

Result<OperationView> Nodes::remove(const fleet::OrganizationId& organization,
                                    const std::string& workspace_name, const std::string& name,
                                    const std::string& actor) {
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
  auto noted = note(context_, *node, "node.deleted", actor);
  if (!noted) return fail(std::move(noted).error());
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
