// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/node_gate.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "control/lookup.hpp"
#include "fleet/hubs.hpp"

namespace ferry::control {
namespace {

using store::CertificateRecord;

constexpr std::chrono::hours kSweepInterval{1};
constexpr int kSweepPage = 100;

azure::IndividualEnrollment individual_of(const fleet::Workspace& workspace,
                                          const fleet::NodeGroup& group, const fleet::Node& node,
                                          const std::vector<CertificateRecord>& certificates) {
  azure::IndividualEnrollment enrollment;
  enrollment.registration_id = node.registration_id;
  if (!certificates.empty()) enrollment.primary_certificate_pem = certificates[0].pem;
  if (certificates.size() > 1) enrollment.secondary_certificate_pem = certificates[1].pem;
  enrollment.iot_hubs = {fleet::hub_host(workspace, group.hub)};
  enrollment.initial_tags = initial_tags(workspace, group);
  return enrollment;
}

struct Site {
  fleet::Node node;
  fleet::Workspace workspace;
  fleet::NodeGroup group;
};

Result<Site> load_site(const Context& context, const fleet::NodeId& id) {
  auto node = context.store.nodes.find(id);
  if (!node) return fail(std::move(node).error());
  if (!*node) return fail(Code::internal, "node {} is gone", id);
  auto workspace = load_workspace(context, (*node)->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  auto group = load_group(context, (*node)->group);
  if (!group) return fail(std::move(group).error());
  return Site{**std::move(node), *std::move(workspace), *std::move(group)};
}

net::Task<Result<void>> sweep_one(Context& context, store::ShutOut shut_out) {
  auto workspace = load_workspace(context, shut_out.workspace);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto connection = context.clouds.workspace(*workspace);
  if (!connection) co_return fail(std::move(connection).error());
  auto deleted = co_await (*connection)->dps.delete_individual(shut_out.registration_id);
  if (!deleted) co_return deleted;
  co_return context.store.revocations.remove_shut_out(shut_out.registration_id);
}

}  // namespace

Result<std::vector<CertificateRecord>> lasting_certificates(const Context& context,
                                                            const fleet::NodeId& node) {
  auto records = context.store.certificates.list_of(node.str());
  if (!records) return records;
  std::erase_if(*records, [&](const auto& record) {
    return record.use != "node" || record.not_after <= context.clock.now();
  });
  std::reverse(records->begin(), records->end());
  return records;
}

json::object initial_tags(const fleet::Workspace& workspace, const fleet::NodeGroup& group) {
  return {{"ferry", json::object{{"nodeGroup", group.id.str()},
                                 {"nodeGroupName", group.name},
                                 {"workspace", workspace.id.str()}}}};
}

net::Task<Result<void>> settle_gate(Context& context, fleet::NodeId id, bool restored) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto own = context.store.revocations.find(id.str());
  if (!own) co_return fail(std::move(own).error());
  auto covering = context.store.revocations.covering(site->node);
  if (!covering) co_return fail(std::move(covering).error());
  const auto& pinned_until = site->node.pinned_until;
  const bool pinned = pinned_until && *pinned_until > context.clock.now();
  if (!*own && !pinned_until && !restored) co_return Result<void>();
  auto connection = context.clouds.workspace(site->workspace);
  if (!connection) co_return fail(std::move(connection).error());
  auto& dps = (*connection)->dps;
  if (*own || pinned) {
    auto certificates = lasting_certificates(context, id);
    if (!certificates) co_return fail(std::move(certificates).error());
    if (!*covering) {
      std::erase_if(*certificates,
                    [](const auto& record) { return record.revoked_at.has_value(); });
    }
    if (certificates->empty()) co_return Result<void>();  // none to let in or to keep out
    auto enrollment = individual_of(site->workspace, site->group, site->node, *certificates);
    enrollment.enabled = !*covering;
    auto put = co_await dps.put_individual(enrollment);
    if (!put) co_return put;
    co_return context.store.revocations.remove_shut_out(site->node.registration_id);
  }
  auto deleted = co_await dps.delete_individual(site->node.registration_id);
  if (!deleted) co_return deleted;
  // Read again: somebody may have changed it meanwhile.
  auto node = context.store.nodes.find(id);
  if (!node) co_return fail(std::move(node).error());
  if (!*node || !(*node)->pinned_until) co_return Result<void>();
  (*node)->pinned_until.reset();
  co_return context.store.nodes.update(**node);
}

Result<store::Operation> prepare_settling(Context& context, const fleet::Workspace& workspace,
                                          const fleet::Node& node) {
  return context.engine.prepare({.organization = workspace.organization,
                                 .kind = "node.settle",
                                 .target = fmt::format("{}/{}", workspace.name, node.name),
                                 .subject = node.id.str(),
                                 .lane = node.id.str()});
}

Error gate_failure(Error error) {
  log::warning("gate", "{}", error.describe());
  return Error{Code::unavailable,
               "the provisioning service cannot be told of the new certificate just now",
               "the same request gets it later"};
}

net::Task<Result<void>> shut_gate(Context& context, fleet::Workspace workspace, fleet::Node node) {
  auto certificates = lasting_certificates(context, node.id);
  if (!certificates) co_return fail(std::move(certificates).error());
  if (certificates->empty()) co_return Result<void>();
  auto group = load_group(context, node.group);
  if (!group) co_return fail(std::move(group).error());
  auto connection = context.clouds.workspace(workspace);
  if (!connection) co_return fail(std::move(connection).error());
  Timestamp until = context.clock.now();
  for (const auto& record : *certificates) until = std::max(until, record.not_after);
  // First on record, so that it is swept in the end whatever happens next.
  auto kept = context.store.revocations.put_shut_out({node.registration_id, workspace.id, until});
  if (!kept) co_return kept;
  auto enrollment = individual_of(workspace, *group, node, *certificates);
  enrollment.enabled = false;
  co_return co_await (*connection)->dps.put_individual(enrollment);
}

net::Task<void> sweep_shut_outs(Context& context) {
  while (true) {
    auto ended = context.store.revocations.ended_shut_outs(context.clock.now(), kSweepPage);
    if (!ended) {
      log::warning("gate", "{}", ended.error().describe());
    } else {
      for (const auto& shut_out : *ended) {
        auto swept = co_await sweep_one(context, shut_out);
        if (!swept) {
          log::warning("gate", "{}: {}", shut_out.registration_id, swept.error().describe());
        }
      }
    }
    co_await net::sleep_for(kSweepInterval);
  }
}

}  // namespace ferry::control
