// SPDX-License-Identifier: Apache-2.0
// Taking a node away: its identity in the IoT Hub first, so that it is out at once.
#include "control/lookup.hpp"

namespace ferry::control {
namespace {

struct NodeSite {
  fleet::Node node;
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
  return NodeSite{**std::move(node), *std::move(connection)};
}

using NodeStep = net::Task<Result<void>> (*)(NodeSite, StepContext&);

net::Task<Result<void>> drop_identity(NodeSite site, StepContext& step) {
  step.detail(site.node.registration_id);
  co_return co_await site.connection->hub.delete_device(site.node.registration_id);
}

// A record without an identity in the hub lets nobody in, so it may stay where Ferry's policy lacks
// the right to delete registration records.
bool is_refusal(Code code) {
  return code == Code::unauthenticated || code == Code::permission_denied;
}

net::Task<Result<void>> drop_registration(NodeSite site, StepContext& step) {
  step.detail(site.node.registration_id);
  auto deleted = co_await site.connection->dps.delete_registration(site.node.registration_id);
  if (!deleted && is_refusal(deleted.error().code)) {
    step.detail("left in place: the policy does not allow to delete it");
    co_return Result<void>();
  }
  co_return deleted;
}

Step node_step(Context& context, const fleet::NodeId& id, std::string name, NodeStep work) {
  return {std::move(name), [&context, id, work](StepContext& step) -> net::Task<Result<void>> {
            auto site = load_site(context, id);
            if (!site) co_return fail(std::move(site).error());
            co_return co_await work(*std::move(site), step);
          }};
}

Workflow remove_node(Context& context, const fleet::NodeId& id) {
  return {.steps = {node_step(context, id, "IoT Hub identity", drop_identity),
                    node_step(context, id, "Registration record", drop_registration)},
          .succeeded = [&context, id]() -> Result<void> {
            auto certificates = context.store.certificates.remove(id.str());
            if (!certificates) return certificates;
            return context.store.nodes.remove(id);
          },
          .failed = {}};
}

}  // namespace

void define_node_workflows(Context& context) {
  context.engine.define("node.delete",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return remove_node(context, fleet::NodeId(operation.subject));
                        });
}

}  // namespace ferry::control
