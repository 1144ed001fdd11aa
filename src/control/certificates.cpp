// SPDX-License-Identifier: Apache-2.0
#include "control/certificates.hpp"

#include "control/lookup.hpp"

namespace ferry::control {
namespace {
constexpr int kPageSize = 1000;
}  // namespace

Result<std::vector<CertificateView>> Certificates::list(const fleet::OrganizationId& organization,
                                                        const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto page = context_.store.certificates.list(organization, workspace->id, kPageSize);
  if (!page) return fail(std::move(page).error());
  std::vector<CertificateView> views;
  for (const auto& record : page->records) {
    views.push_back({record.subject, record.issuer, record.use, record.not_before, record.not_after,
                     record.thumbprint, record.pem});
  }
  return views;
}

}  // namespace ferry::control
