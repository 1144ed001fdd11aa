// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/certificates.hpp"

#include <map>

#include "base/encoding.hpp"
#include "control/certificates/authority.hpp"
#include "control/certificates/rollover_steps.hpp"
#include "control/lookup.hpp"

namespace ferry::control {
namespace {

using store::CertificateRecord;
using store::CertificateState;

constexpr int kRadarLimit = 1000;

// Authorities by their issuer; those of no issuer are the roots.
using ByIssuer = std::map<std::optional<std::string>, std::vector<CertificateTree>>;

std::vector<CertificateTree> take_below(ByIssuer& all, const std::optional<std::string>& issuer) {
  auto found = all.extract(issuer);
  if (found.empty()) return {};
  for (auto& tree : found.mapped()) tree.below = take_below(all, tree.certificate.id);
  return std::move(found.mapped());
}

}  // namespace

Result<std::vector<std::string>> Certificates::used_by(const CertificateRecord& record) const {
  if (record.state == CertificateState::retired || record.revoked_at) {
    return std::vector<std::string>{};
  }
  if (record.use == "node" || record.use == "edge-ca") {
    auto node = context_.store.nodes.find(store::node_of(record));
    if (!node) return fail(std::move(node).error());
    if (!*node) return std::vector<std::string>{};
    auto newest = context_.store.certificates.find(record.owner);
    if (!newest) return fail(std::move(newest).error());
    if (*newest && (*newest)->id != record.id) return std::vector<std::string>{};
    return std::vector<std::string>{fmt::format(
        "node {}, {}", (*node)->name,
        record.use == "node" ? "device " + (*node)->registration_id : "what its modules trust")};
  }
  if (record.use == "group-ca") {
    auto group = context_.store.groups.find(fleet::NodeGroupId(record.owner));
    if (!group) return fail(std::move(group).error());
    if (!*group) return std::vector<std::string>{};
    return std::vector<std::string>{
        fmt::format("enrollment group {}, {}", (*group)->enrollment_group,
                    record.state == CertificateState::active ? "primary" : "secondary")};
  }
  if (record.use == "workspace-ca") {
    return std::vector<std::string>{"Device Provisioning Service, verified CA"};
  }
  return std::vector<std::string>{};
}

Result<CertificateView> Certificates::view_of(const CertificateRecord& record) const {
  CertificateView view;
  view.id = record.id;
  view.subject = record.subject;
  view.issuer = record.issuer;
  view.use = record.use;
  view.not_before = record.not_before;
  view.not_after = record.not_after;
  view.sha256_thumbprint = record.thumbprint;
  view.pem = record.pem;
  view.issuer_id = record.issuer_id;
  view.state = to_string(record.state);
  view.origin = to_string(record.origin);
  view.serial = record.serial;
  view.key_type = record.key_type.empty() ? "other" : record.key_type;
  view.revoked_at = record.revoked_at;
  view.revocation_reason = record.revocation_reason;
  auto owner = name_of_certificate_owner(context_, record);
  if (!owner) return fail(std::move(owner).error());
  view.owner = *std::move(owner);
  auto uses = used_by(record);
  if (!uses) return fail(std::move(uses).error());
  view.used_by = *std::move(uses);
  return view;
}

Result<std::vector<CertificateView>> Certificates::views_of(
    const std::vector<CertificateRecord>& records) const {
  std::vector<CertificateView> views;
  views.reserve(records.size());
  for (const auto& record : records) {
    auto view = view_of(record);
    if (!view) return fail(std::move(view).error());
    views.push_back(*std::move(view));
  }
  return views;
}

Result<CertificatePageView> Certificates::list(const fleet::OrganizationId& organization,
                                               const std::string& workspace_name, std::int64_t from,
                                               int limit) const {
  if (limit < 1 || limit > kPageSize) {
    return fail(Code::invalid_argument, "a page has 1 to {} certificates", kPageSize);
  }
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto page = context_.store.certificates.list(organization, workspace->id, limit, from);
  if (!page) return fail(std::move(page).error());
  auto views = views_of(page->records);
  if (!views) return fail(std::move(views).error());
  return CertificatePageView{*std::move(views), page->next};
}

Result<std::vector<CertificateTree>> Certificates::tree(const fleet::OrganizationId& organization,
                                                        const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto records = context_.store.certificates.list_authorities(organization, workspace->id);
  if (!records) return fail(std::move(records).error());
  auto counts = context_.store.certificates.nodes_by_issuer(workspace->id, context_.clock.now());
  if (!counts) return fail(std::move(counts).error());
  ByIssuer all;
  for (const auto& record : *records) {
    auto view = view_of(record);
    if (!view) return fail(std::move(view).error());
    const auto issuer = view->issuer_id;
    all[issuer].push_back({*std::move(view), (*counts)[record.id], {}});
  }
  return take_below(all, std::nullopt);
}

Result<CertificateRecord> Certificates::find(const fleet::OrganizationId& organization,
                                             const std::string& workspace_name,
                                             const std::string& id) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto record = context_.store.certificates.find_by_id(id);
  if (record && !*record) {
    record = context_.store.certificates.find_by_thumbprint(to_lower(id));
  }
  if (!record) return fail(std::move(record).error());
  const bool ours = *record && (*record)->organization == organization &&
                    (!(*record)->workspace || (*record)->workspace == workspace->id.str());
  if (!ours) {
    return fail(
        Error{Code::not_found,
              fmt::format("there is no certificate '{}' in workspace '{}'", id, workspace->name),
              "ferry cert list shows them"});
  }
  return **std::move(record);
}

Result<CertificateView> Certificates::get(const fleet::OrganizationId& organization,
                                          const std::string& workspace,
                                          const std::string& id) const {
  auto record = find(organization, workspace, id);
  if (!record) return fail(std::move(record).error());
  return view_of(*record);
}

Result<std::string> Certificates::download(const fleet::OrganizationId& organization,
                                           const std::string& workspace, const std::string& id,
                                           bool chain) const {
  auto record = find(organization, workspace, id);
  if (!record) return fail(std::move(record).error());
  if (!chain) return record->pem;
  return full_chain(context_, *record);
}

Result<std::string> Certificates::trust_bundle(const fleet::OrganizationId& organization,
                                               const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto anchors = trust_anchors(context_, *workspace);
  if (!anchors) return fail(std::move(anchors).error());
  std::string bundle;
  for (const auto& anchor : *anchors) bundle += anchor.pem;
  return bundle;
}

Result<std::vector<CertificateView>> Certificates::expiring(
    const fleet::OrganizationId& organization, const std::string& workspace_name,
    std::chrono::milliseconds within) const {
  std::optional<std::string> workspace;
  if (!workspace_name.empty()) {
    auto found = find_workspace(context_, organization, workspace_name);
    if (!found) return fail(std::move(found).error());
    workspace = found->id.str();
  }
  auto records = context_.store.certificates.expiring(organization, workspace,
                                                      context_.clock.now() + within, kRadarLimit);
  if (!records) return fail(std::move(records).error());
  return views_of(*records);
}

}  // namespace ferry::control
