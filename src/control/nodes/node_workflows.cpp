// SPDX-License-Identifier: Apache-2.0
// Taking a node away: its identity in the IoT Hub first, so that it is out at once.
#include "control/lookup.hpp"
#include "control/nodes/node_gate.hpp"

namespace ferry::control {
namespace {

struct NodeSite {
  fleet::Node node;
  fleet::Workspace workspace;
  std::shared_ptr<WorkspaceConnection> connection;
};

Result<NodeSite> load_site(Context& context, const fleet::NodeId& id) {
  auto node = context.store.nodes.find(id);
  if (!node) return fail(std::move(node).error());
  if (!*node) return fail(Code::internal, "node {} is gone", id);
  auto workspace = load_workspace(context, (*node)->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  auto connection = context.clouds.workspace(*workspace);
  if (!connection) return fail(std::move(connection).error());
  return NodeSite{**std::move(node), *std::move(workspace), *std::move(connection)};
}

using NodeStep = net::Task<Result<void>> (*)(Context&, NodeSite, StepContext&);

net::Task<Result<void>> drop_identity(Context&, NodeSite site, StepContext& step) {
  step.detail(site.node.registration_id);
  const auto hubs = site.connection->hubs();  // it may have been moved between groups
  for (auto* hub : hubs) {
    auto deleted = co_await hub->delete_device(site.node.registration_id);
    if (!deleted) co_return deleted;
  }
  co_return Result<void>();
}

// A record without an identity in the hub lets nobody in, so it may stay where Ferry's policy lacks
// the right to delete registration records.
bool is_refusal(Code code) {
  return code == Code::unauthenticated || code == Code::permission_denied;
}

net::Task<Result<void>> drop_registration(Context&, NodeSite site, StepContext& step) {
  step.detail(site.node.registration_id);
  auto deleted = co_await site.connection->dps.delete_registration(site.node.registration_id);
  if (!deleted && is_refusal(deleted.error().code)) {
    step.detail("left in place: the policy does not allow to delete it");
    co_return Result<void>();
  }
  co_return deleted;
}

// Its certificates may be good for DPS for months yet.
net::Task<Result<void>> shut_out(Context& context, NodeSite site, StepContext& step) {
  step.detail(site.node.registration_id);
  co_return co_await shut_gate(context, site.workspace, site.node);
}

Step node_step(Context& context, const fleet::NodeId& id, std::string name, NodeStep work) {
  return {std::move(name), [&context, id, work](StepContext& step) -> net::Task<Result<void>> {
            auto site = load_site(context, id);
            if (!site) co_return fail(std::move(site).error());
            co_return co_await work(context, *std::move(site), step);
          }};
}

Workflow remove_node(Context& context, const fleet::NodeId& id) {
  return {.steps = {node_step(context, id, "Enrollment", shut_out),
                    node_step(context, id, "IoT Hub identity", drop_identity),
                    node_step(context, id, "Registration record", drop_registration)},
          .succeeded = [&context, id]() -> Result<void> {
            auto certificates = context.store.certificates.remove(id.str());
            if (!certificates) return certificates;
            auto edge = context.store.certificates.remove(store::edge_authority_owner(id));
            if (!edge) return edge;
            auto requests = context.store.enrollments.remove_recoveries(id);
            if (!requests) return requests;
            auto revocation = context.store.revocations.remove(id.str());
            if (!revocation) return revocation;
            return context.store.nodes.remove(id);
          },
          .failed = {}};
}

// A device that has registered again meanwhile keeps what it has.
net::Task<Result<void>> unless_registered(Context& context, NodeSite site, StepContext& step,
                                          NodeStep work) {
  if (site.node.registered_at) {
    step.detail("registered again meanwhile");
    co_return Result<void>();
  }
  co_return co_await work(context, std::move(site), step);
}

net::Task<Result<void>> shut_out_unregistered(Context& context, NodeSite site, StepContext& step) {
  return unless_registered(context, std::move(site), step, shut_out);
}
net::Task<Result<void>> drop_identity_unregistered(Context& context, NodeSite site,
                                                   StepContext& step) {
  return unless_registered(context, std::move(site), step, drop_identity);
}
net::Task<Result<void>> drop_registration_unregistered(Context& context, NodeSite site,
                                                       StepContext& step) {
  return unless_registered(context, std::move(site), step, drop_registration);
}

Workflow deregister_node(Context& context, const fleet::NodeId& id) {
  return {.steps = {node_step(context, id, "Enrollment", shut_out_unregistered),
                    node_step(context, id, "IoT Hub identity", drop_identity_unregistered),
                    node_step(context, id, "Registration record", drop_registration_unregistered)},
          .succeeded = {},
          .failed = {}};
}

// The tag decides which standing deployment is the node's.
net::Task<Result<void>> tag_twin(Context& context, NodeSite site, StepContext& step) {
  auto group = load_group(context, site.node.group);
  if (!group) co_return fail(std::move(group).error());
  step.detail(group->name);
  auto tags = initial_tags(site.workspace, *group);
  // In a group that is being rolled out it is a late joiner, whatever its ring.
  tags["ferry"].as_object()["ring"] = nullptr;
  const json::object patch{{"tags", std::move(tags)}};
  // In the hub where it is now; DPS takes the twin along into that of its new group. One that is
  // not registered yet gets the tags from its enrollment group.
  const auto hubs = site.connection->hubs();
  for (auto* hub : hubs) {
    auto patched = co_await hub->patch_twin({site.node.registration_id}, patch);
    if (!patched && patched.error().code != Code::not_found) {
      co_return fail(std::move(patched).error());
    }
  }
  co_return Result<void>();
}

net::Task<Result<void>> settle_enrollment(Context& context, NodeSite site, StepContext&) {
  co_return co_await settle_gate(context, site.node.id);
}

Workflow move_node(Context& context, const fleet::NodeId& id) {
  return {.steps = {node_step(context, id, "Enrollment of its own", settle_enrollment),
                    node_step(context, id, "Twin tags", tag_twin)},
          .succeeded = {},
          .failed = {}};
}

Workflow settle_node(Context& context, const fleet::NodeId& id) {
  return {.steps = {{"Enrollment of its own",
                     [&context, id](StepContext&) { return settle_gate(context, id); }}},
          .succeeded = {},
          .failed = {}};
}

}  // namespace

void define_node_workflows(Context& context) {
  using Builder = Workflow (*)(Context&, const fleet::NodeId&);
  const auto define = [&context](std::string kind, Builder build) {
    context.engine.define(std::move(kind),
                          [&context, build](const store::Operation& operation) -> Result<Workflow> {
                            return build(context, fleet::NodeId(operation.subject));
                          });
  };
  define("node.settle", settle_node);
  define("node.move", move_node);
  define("node.deregister", deregister_node);
  define("node.delete", remove_node);
}

}  // namespace ferry::control
