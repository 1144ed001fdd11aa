// SPDX-License-Identifier: Apache-2.0
// Bringing Azure in line with what is revoked and what is not. Each step reads the database anew.
#include <algorithm>

#include "control/lookup.hpp"
#include "control/nodes/enrollment_groups.hpp"
#include "control/nodes/node_gate.hpp"
#include "control/nodes/revoking.hpp"

namespace ferry::control {
namespace {

// What one bulk call takes.
constexpr int kIdentitiesAtOnce = 100;
constexpr int kAttempts = 3;  // others may write an enrollment group at the same moment

struct AccessSite {
  fleet::Workspace workspace;
  std::vector<fleet::NodeGroup> groups;
  std::optional<fleet::Node> node;
  store::NodeScope nodes;
  std::shared_ptr<WorkspaceConnection> connection;
};

Result<AccessSite> load_site(Context& context, Scope scope, const std::string& subject) {
  AccessSite site;
  fleet::WorkspaceId workspace_id(subject);
  if (scope == Scope::node) {
    auto node = context.store.nodes.find(fleet::NodeId(subject));
    if (!node) return fail(std::move(node).error());
    if (!*node) return fail(Code::internal, "node {} is gone", subject);
    site.node = **std::move(node);
    workspace_id = site.node->workspace;
  }
  if (scope == Scope::group) {
    auto group = load_group(context, fleet::NodeGroupId(subject));
    if (!group) return fail(std::move(group).error());
    workspace_id = group->workspace;
    site.nodes.group = group->id;
    site.groups.push_back(*std::move(group));
  }
  auto workspace = load_workspace(context, workspace_id);
  if (!workspace) return fail(std::move(workspace).error());
  site.workspace = *std::move(workspace);
  site.nodes.workspace = workspace_id;
  if (scope == Scope::workspace) {
    auto groups = context.store.groups.list(workspace_id);
    if (!groups) return fail(std::move(groups).error());
    site.groups = *std::move(groups);
  }
  auto connection = context.clouds.workspace(site.workspace);
  if (!connection) return fail(std::move(connection).error());
  site.connection = *std::move(connection);
  return site;
}

net::Task<Result<void>> settle_group(Context& context, AccessSite& site, fleet::NodeGroup group) {
  for (int attempt = 1;; ++attempt) {
    auto revoked = is_revoked(context, group);
    if (!revoked) co_return fail(std::move(revoked).error());
    auto existing = co_await site.connection->dps.get_group(group.enrollment_group);
    if (!existing && existing.error().code == Code::not_found) co_return Result<void>();
    if (!existing) co_return fail(std::move(existing).error());
    if (existing->enabled == !*revoked) co_return Result<void>();
    auto enrollment = enrollment_of(context, site.workspace, group);
    if (!enrollment) co_return fail(std::move(enrollment).error());
    enrollment->etag = existing->etag;
    enrollment->enabled = !*revoked;
    auto put = co_await site.connection->dps.put_group(*enrollment);
    if (put) co_return Result<void>();
    if (put.error().code != Code::precondition_failed || attempt == kAttempts) {
      co_return fail(std::move(put).error());
    }
  }
}

net::Task<Result<void>> settle_enrollments(Context& context, AccessSite site, StepContext& step) {
  if (site.node) co_return co_await settle_gate(context, site.node->id, true);
  for (const auto& group : site.groups) {
    step.detail(group.name);
    auto settled = co_await settle_group(context, site, group);
    if (!settled) co_return settled;
  }
  // Enrollments of nodes' own decide before their groups'.
  std::string after;
  while (true) {
    auto nodes = context.store.nodes.pinned(site.nodes, after, kIdentitiesAtOnce);
    if (!nodes) co_return fail(std::move(nodes).error());
    for (const auto& node : *nodes) {
      auto settled = co_await settle_gate(context, node.id, false);
      if (!settled) co_return settled;
    }
    if (nodes->size() < kIdentitiesAtOnce) co_return Result<void>();
    after = nodes->back().id.str();
  }
}

// As the hub has it after a registration, enabled or not. The certificates are those that the
// device may be using: the newest and the one before it.
Result<std::optional<azure::DeviceIdentity>> identity_of(const Context& context,
                                                         const fleet::Node& node) {
  if (!node.registered_at) return std::optional<azure::DeviceIdentity>();
  auto certificates = lasting_certificates(context, node.id);
  if (!certificates) return fail(std::move(certificates).error());
  std::erase_if(*certificates, [](const auto& record) { return record.revoked_at.has_value(); });
  auto revocation = context.store.revocations.covering(node);
  if (!revocation) return fail(std::move(revocation).error());
  // Without a certificate that is good, nobody can use the identity, and there is no other one to
  // write into it.
  if (certificates->empty()) return std::optional<azure::DeviceIdentity>();
  azure::DeviceIdentity identity;
  identity.device_id = node.registration_id;
  identity.iot_edge = true;
  identity.status = *revocation ? "disabled" : "enabled";
  identity.status_reason = *revocation ? "revoked in Ferry" : "";
  identity.authentication.type = azure::AuthenticationType::self_signed;
  identity.authentication.primary_thumbprint = to_upper(certificates->front().thumbprint);
  identity.authentication.secondary_thumbprint = to_upper(
      certificates->size() > 1 ? (*certificates)[1].thumbprint : certificates->front().thumbprint);
  return identity;
}

net::Task<Result<void>> settle_page(Context& context, AccessSite& site,
                                    std::vector<fleet::Node> nodes) {
  std::vector<azure::DeviceIdentity> identities;
  for (const auto& node : nodes) {
    auto identity = identity_of(context, node);
    if (!identity) co_return fail(std::move(identity).error());
    if (*identity) identities.push_back(**std::move(identity));
  }
  if (identities.empty()) co_return Result<void>();
  const auto hubs = site.connection->hubs();  // each leaves out those that it does not have
  for (auto* hub : hubs) {
    auto updated = co_await hub->update_devices(identities);
    if (!updated) co_return updated;
  }
  co_return Result<void>();
}

net::Task<Result<void>> settle_identities(Context& context, AccessSite site, StepContext& step) {
  if (site.node) co_return co_await settle_page(context, site, {*site.node});
  std::string after;
  std::size_t done = 0;
  while (true) {
    auto nodes = context.store.nodes.page(site.nodes, after, kIdentitiesAtOnce);
    if (!nodes) co_return fail(std::move(nodes).error());
    if (nodes->empty()) co_return Result<void>();
    after = nodes->back().id.str();
    done += nodes->size();
    const bool last = nodes->size() < kIdentitiesAtOnce;
    auto settled = co_await settle_page(context, site, *std::move(nodes));
    if (!settled) co_return settled;
    step.detail(fmt::format("{} identities", done));
    if (last) co_return Result<void>();
    co_await net::sleep_for(context.hub_pace);
  }
}

using AccessStep = net::Task<Result<void>> (*)(Context&, AccessSite, StepContext&);

Workflow settle_access(Context& context, Scope scope, const std::string& subject) {
  const auto step = [&](std::string name, AccessStep work) {
    return Step{std::move(name),
                [&context, scope, subject, work](StepContext& step) -> net::Task<Result<void>> {
                  auto site = load_site(context, scope, subject);
                  if (!site) co_return fail(std::move(site).error());
                  co_return co_await work(context, *std::move(site), step);
                }};
  };
  return {.steps = {step("Provisioning service", settle_enrollments),
                    step("IoT Hub identities", settle_identities)},
          .succeeded = {},
          .failed = {}};
}

}  // namespace

net::Task<Result<void>> settle_workspace_enrollments(Context& context, fleet::WorkspaceId workspace,
                                                     StepContext& step) {
  auto site = load_site(context, Scope::workspace, workspace.str());
  if (!site) co_return fail(std::move(site).error());
  co_return co_await settle_enrollments(context, *std::move(site), step);
}

void define_access_workflows(Context& context) {
  for (const auto scope : {Scope::node, Scope::group, Scope::workspace}) {
    context.engine.define(fmt::format("{}.access", to_string(scope)),
                          [&context, scope](const store::Operation& operation) -> Result<Workflow> {
                            return settle_access(context, scope, operation.subject);
                          });
  }
}

}  // namespace ferry::control
