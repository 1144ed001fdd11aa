// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/revoking.hpp"

#include <charconv>

#include "control/lookup.hpp"
#include "control/nodes/node_report.hpp"

namespace ferry::control {
namespace {

constexpr int kSample = 20;
constexpr int kPage = 1000;
constexpr std::size_t kLongestReason = 500;

// The target, found.
struct Site {
  fleet::Workspace workspace;
  std::optional<fleet::NodeGroup> group;  // of a group, or of a node
  std::optional<fleet::Node> node;
  Scope scope = Scope::workspace;

  const std::string& id() const {
    if (scope == Scope::node) return node->id.str();
    return scope == Scope::group ? group->id.str() : workspace.id.str();
  }
  const std::string& name() const {
    if (scope == Scope::node) return node->name;
    return scope == Scope::group ? group->name : workspace.name;
  }
  store::NodeScope nodes() const {
    return {workspace.id, scope == Scope::group ? std::optional(group->id) : std::nullopt};
  }
};

Result<Site> find_site(const Context& context, const fleet::OrganizationId& organization,
                       const Target& target) {
  auto workspace = find_workspace(context, organization, target.workspace);
  if (!workspace) return fail(std::move(workspace).error());
  Site site{*std::move(workspace), {}, {}, target.scope};
  if (target.scope == Scope::group) {
    auto group = find_group(context, site.workspace, target.name);
    if (!group) return fail(std::move(group).error());
    site.group = *std::move(group);
  }
  if (target.scope == Scope::node) {
    auto node = find_node(context, site.workspace, target.name);
    if (!node) return fail(std::move(node).error());
    site.node = *std::move(node);
  }
  return site;
}

Result<void> count_nodes(const Context& context, const Site& site, BlastRadius& radius) {
  const auto reports = context.reports.find(site.workspace.id.str());
  const auto count = [&](const fleet::Node& node) {
    ++radius.nodes;
    if (node.registered_at) ++radius.registered;
    if (radius.sample.size() < kSample) radius.sample.push_back(node.name);
    if (reports == context.reports.end()) return;
    const auto report = reports->second->by_device.find(node.registration_id);
    if (report != reports->second->by_device.end() && report->second.connected) ++radius.connected;
  };
  if (site.node) {
    count(*site.node);
    return {};
  }
  std::string after;
  while (true) {
    auto page = context.store.nodes.page(site.nodes(), after, kPage);
    if (!page) return fail(std::move(page).error());
    for (const auto& node : *page) count(node);
    if (page->size() < kPage) return {};
    after = page->back().id.str();
  }
}

Result<BlastRadius> radius_of(const Context& context, const Site& site) {
  BlastRadius radius;
  radius.scope = to_string(site.scope);
  radius.name = site.name();
  auto counted = count_nodes(context, site, radius);
  if (!counted) return fail(std::move(counted).error());
  if (site.scope == Scope::group) radius.groups.push_back(site.group->name);
  if (site.scope == Scope::workspace) {
    auto groups = context.store.groups.list(site.workspace.id);
    if (!groups) return fail(std::move(groups).error());
    for (const auto& group : *groups) radius.groups.push_back(group.name);
  }
  auto existing = context.store.revocations.find(site.id());
  if (!existing) return fail(std::move(existing).error());
  radius.revoked = existing->has_value();
  radius.effects = {
      fmt::format("{} devices lose their connection to the IoT Hub and cannot connect again",
                  radius.registered),
      site.scope == Scope::node
          ? std::string("the provisioning service refuses its certificates")
          : fmt::format("the provisioning service refuses every device of {} groups",
                        radius.groups.size()),
      "Ferry refuses their tokens, renewals and recoveries",
      "what runs on the devices keeps running there; nothing new reaches them"};
  radius.undo = site.scope == Scope::workspace
                    ? fmt::format("ferry workspace reinstate {}", site.name())
                    : fmt::format("ferry {} reinstate {}", to_string(site.scope), site.name());
  return radius;
}

Result<store::Operation> prepare_settling(Context& context, const Site& site) {
  return context.engine.prepare(
      {.organization = site.workspace.organization,
       .kind = fmt::format("{}.access", to_string(site.scope)),
       .target = site.scope == Scope::workspace
                     ? site.name()
                     : fmt::format("{}/{}", site.workspace.name, site.name()),
       .subject = site.id(),
       // Not the workspace's own lane: a walk over thousands of identities must not stop the rest.
       .lane = "access " + site.workspace.id.str()});
}

Result<void> note_access(Context& context, const Site& site, std::string_view what,
                         const std::string& actor, std::string detail) {
  return context.store.node_events.insert(
      {.workspace = site.workspace.id,
       .subject = site.id(),
       .name = site.name(),
       .action = fmt::format("{}.{}", to_string(site.scope), what),
       .actor = actor,
       .detail = std::move(detail),
       .at = context.clock.now()});
}

// Where a page of revocations ends: "1732500000000/node-...".
struct Place {
  Timestamp at;
  std::string subject;
};

std::string format_place(const store::Revocation& revocation) {
  return fmt::format("{}/{}", revocation.revoked_at.time_since_epoch().count(), revocation.subject);
}

Result<Place> parse_place(const std::string& text) {
  if (text.empty()) return Place{};
  std::int64_t at = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, at);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '/') {
    return fail(Code::invalid_argument, "'{}' is not where a page of revocations ends", text);
  }
  return Place{Timestamp(std::chrono::milliseconds(at)), std::string(read.ptr + 1, end)};
}

}  // namespace

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::node:
      return "node";
    case Scope::group:
      return "group";
    case Scope::workspace:
      return "workspace";
  }
  return "node";
}

Result<BlastRadius> Revoking::plan(const fleet::OrganizationId& organization,
                                   const Target& target) const {
  auto site = find_site(context_, organization, target);
  if (!site) return fail(std::move(site).error());
  return radius_of(context_, *site);
}

Result<std::variant<RevocationStarted, RevocationRefused>> Revoking::revoke(
    const fleet::OrganizationId& organization, const Target& target, const std::string& reason,
    std::optional<std::int64_t> agreed, const std::string& actor) {
  if (reason.size() > kLongestReason) {
    return fail(Code::invalid_argument, "the reason is longer than {} bytes", kLongestReason);
  }
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto site = find_site(context_, organization, target);
  if (!site) return fail(std::move(site).error());
  auto radius = radius_of(context_, *site);
  if (!radius) return fail(std::move(radius).error());
  if (agreed != radius->nodes) {
    Error error{Code::conflict,
                agreed ? fmt::format("{} nodes would be shut out, not {}", radius->nodes, *agreed)
                       : fmt::format("{} nodes would be shut out", radius->nodes),
                "look at the plan, then agree to its number of nodes"};
    return RevocationRefused{std::move(error), *std::move(radius)};
  }
  auto put = context_.store.revocations.put(
      {site->id(), site->workspace.id, reason, actor, context_.clock.now()});
  if (!put) return fail(std::move(put).error());
  auto noted = note_access(context_, *site, "revoked", actor, reason);
  if (!noted) return fail(std::move(noted).error());
  auto operation = prepare_settling(context_, *site);
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  return RevocationStarted{*std::move(radius), to_view(*operation)};
}

Result<OperationView> Revoking::reinstate(const fleet::OrganizationId& organization,
                                          const Target& target, const std::string& actor) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto site = find_site(context_, organization, target);
  if (!site) return fail(std::move(site).error());
  auto existing = context_.store.revocations.find(site->id());
  if (!existing) return fail(std::move(existing).error());
  if (!*existing) {
    return fail(Error{Code::conflict,
                      fmt::format("{} '{}' is not revoked", to_string(site->scope), site->name()),
                      "ferry revocation list shows what is"});
  }
  auto removed = context_.store.revocations.remove(site->id());
  if (!removed) return fail(std::move(removed).error());
  auto noted = note_access(context_, *site, "reinstated", actor, "");
  if (!noted) return fail(std::move(noted).error());
  auto operation = prepare_settling(context_, *site);
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  return to_view(*operation);
}

Result<std::vector<RevocationView>> Revoking::list(const fleet::OrganizationId& organization,
                                                   const std::string& workspace_name,
                                                   const std::string& after, int limit) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto place = parse_place(after);
  if (!place) return fail(std::move(place).error());
  auto rows = context_.store.revocations.list(workspace->id, place->at, place->subject, limit);
  if (!rows) return fail(std::move(rows).error());
  std::vector<RevocationView> views;
  for (const auto& row : *rows) {
    RevocationView view{"workspace",    workspace->name, row.reason,
                        row.revoked_by, row.revoked_at,  format_place(row)};
    if (row.subject != workspace->id.str()) {
      auto group = context_.store.groups.find(fleet::NodeGroupId(row.subject));
      if (!group) return fail(std::move(group).error());
      auto node = context_.store.nodes.find(fleet::NodeId(row.subject));
      if (!node) return fail(std::move(node).error());
      view.scope = *group ? "group" : "node";
      view.name = *group ? (*group)->name : *node ? (*node)->name : row.subject;
    }
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace ferry::control
