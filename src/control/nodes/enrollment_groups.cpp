// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/enrollment_groups.hpp"

#include "control/nodes/node_gate.hpp"
#include "fleet/hubs.hpp"

namespace ferry::control {
namespace {

constexpr int kAttempts = 3;  // others may write it at the same moment

}  // namespace

Result<bool> is_revoked(const Context& context, const fleet::NodeGroup& group) {
  for (const auto& subject : {group.id.str(), group.workspace.str()}) {
    auto revocation = context.store.revocations.find(subject);
    if (!revocation) return fail(std::move(revocation).error());
    if (*revocation) return true;
  }
  return false;
}

Result<azure::EnrollmentGroup> enrollment_of(const Context& context,
                                             const fleet::Workspace& workspace,
                                             const fleet::NodeGroup& group) {
  auto authorities = context.store.certificates.list_authorities(group.id.str());
  if (!authorities) return fail(std::move(authorities).error());
  azure::EnrollmentGroup enrollment;
  enrollment.id = group.enrollment_group;
  for (const auto& authority : *authorities) {
    if (authority.state == store::CertificateState::retired) continue;
    auto& slot = authority.state == store::CertificateState::active
                     ? enrollment.primary_certificate_pem
                     : enrollment.secondary_certificate_pem;
    if (slot.empty()) slot = authority.pem;
  }
  if (enrollment.primary_certificate_pem.empty()) {
    return fail(Code::internal, "node group '{}' has no CA", group.name);
  }
  enrollment.iot_edge = true;
  enrollment.iot_hubs = {fleet::hub_host(workspace, group.hub)};
  enrollment.initial_tags = initial_tags(workspace, group);
  return enrollment;
}

net::Task<Result<void>> write_enrollment_group(Context& context, fleet::Workspace workspace,
                                               fleet::NodeGroup group) {
  auto connection = context.clouds.workspace(workspace);
  if (!connection) co_return fail(std::move(connection).error());
  auto& dps = (*connection)->dps;
  for (int attempt = 1;; ++attempt) {
    auto enrollment = enrollment_of(context, workspace, group);
    if (!enrollment) co_return fail(std::move(enrollment).error());
    auto existing = co_await dps.get_group(enrollment->id);
    if (!existing && existing.error().code != Code::not_found) {
      co_return fail(std::move(existing).error());
    }
    if (existing) {
      enrollment->etag = existing->etag;
      enrollment->enabled = existing->enabled;
    } else {
      auto revoked = is_revoked(context, group);
      if (!revoked) co_return fail(std::move(revoked).error());
      enrollment->enabled = !*revoked;
    }
    auto put = co_await dps.put_group(*enrollment);
    if (put) co_return Result<void>();
    const bool raced =
        put.error().code == Code::precondition_failed || put.error().code == Code::conflict;
    if (!raced || attempt == kAttempts) co_return fail(std::move(put).error());
  }
}

}  // namespace ferry::control
