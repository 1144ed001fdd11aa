// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/external_authorities.hpp"

#include "control/certificates/authority_check.hpp"
#include "control/certificates/ca_keys.hpp"
#include "control/certificates/certificate_policy.hpp"
#include "control/certificates/rollover_steps.hpp"
#include "control/lookup.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

using store::CertificateOrigin;
using store::CertificateRecord;
using store::CertificateRequestRecord;
using store::CertificateState;

Result<AuthorityShape> find_shape(const Context& context, const fleet::OrganizationId& organization,
                                  const std::string& workspace_name) {
  if (workspace_name.empty()) {
    return shape_of(context, "organization-root", organization.str());
  }
  auto workspace = find_ready_workspace(context, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  return workspace_shape(*workspace);
}

Result<PendingRequest> view_of(const Context& context, const CertificateRequestRecord& record) {
  PendingRequest view{record.use, {}, record.subject, record.csr, record.created_at};
  if (!record.workspace) return view;
  auto name = name_of_owner(context, record.use, record.owner);
  if (!name) return fail(std::move(name).error());
  view.workspace = *std::move(name);
  return view;
}

Result<CertificateRequestRecord> find_request(const Context& context, const AuthorityShape& shape) {
  auto request = context.store.certificate_requests.find(shape.owner);
  if (!request) return fail(std::move(request).error());
  if (!*request) {
    return fail(Error{Code::not_found, "no request waits for this authority",
                      "ferry cert authority export-csr makes one"});
  }
  return **std::move(request);
}

Result<AuthorityDemand> demand_of(const Context& context, const AuthorityShape& shape) {
  auto policy = effective_policy(context, shape.policy_owners);
  if (!policy) return fail(std::move(policy).error());
  return AuthorityDemand{shape.path_length, std::chrono::hours(24) * policy->node_days,
                         context.clock.now()};
}

// What is above the CA, from the root down, so that each finds its issuer's record; one that is
// known already is used again. The id of the last.
Result<std::optional<std::string>> keep_above(Context& context, const AuthorityShape& shape,
                                              const std::vector<x509::Certificate>& chain) {
  std::optional<std::string> issuer_id;
  for (std::size_t i = chain.size(); i-- > 1;) {
    auto record = describe_certificate(chain[i]);
    auto known = context.store.certificates.find_by_thumbprint(record.thumbprint);
    if (!known) return fail(std::move(known).error());
    if (*known) {
      issuer_id = (*known)->id;
      continue;
    }
    record.organization = shape.organization;
    record.workspace = shape.workspace;
    record.owner = shape.owner;
    record.use = "external-ca";
    record.origin = CertificateOrigin::imported;
    record.issuer_id = issuer_id;
    auto inserted = context.store.certificates.insert(record);
    if (!inserted) return fail(std::move(inserted).error());
    issuer_id = record.id;
  }
  return issuer_id;
}

// `chain`: checked, the CA first. `keep_key` puts its key under the record's id.
Result<RolloverStarted> follow_with(
    Context& context, const AuthorityShape& shape, const std::vector<x509::Certificate>& chain,
    CertificateOrigin origin, const std::function<Result<void>(const std::string&)>& keep_key) {
  auto record = describe_certificate(chain.front());
  auto known = context.store.certificates.find_by_thumbprint(record.thumbprint);
  if (!known) return fail(std::move(known).error());
  if (*known) {
    return fail(Code::conflict, "'{}' is here already, as {}", record.subject, (*known)->use);
  }
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto issuer_id = keep_above(context, shape, chain);
  if (!issuer_id) return fail(std::move(issuer_id).error());
  record.organization = shape.organization;
  record.workspace = shape.workspace;
  record.owner = shape.owner;
  record.use = shape.use;
  record.issuer_id = *std::move(issuer_id);
  record.state = CertificateState::next;
  record.origin = origin;
  auto inserted = context.store.certificates.insert(record);
  if (!inserted) return fail(std::move(inserted).error());
  auto kept = keep_key(record.id);
  if (!kept) return fail(std::move(kept).error());
  auto begun = begin_rollover(context, {shape, record.id, kNodesPerMinute});
  if (!begun) return fail(std::move(begun).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context.engine.launch(begun->operation);
  auto view = Rollovers(context).get(shape.organization, begun->id);
  if (!view) return fail(std::move(view).error());
  return RolloverStarted{*std::move(view), to_view(begun->operation)};
}

}  // namespace

net::Task<Result<PendingRequest>> ExternalAuthorities::export_request(
    fleet::OrganizationId organization, std::string workspace) {
  auto shape = find_shape(context_, organization, workspace);
  if (!shape) co_return fail(std::move(shape).error());
  auto waiting = context_.store.certificate_requests.find(shape->owner);
  if (!waiting) co_return fail(std::move(waiting).error());
  if (*waiting) co_return view_of(context_, **waiting);
  auto prepared = co_await prepare_key(context_, *shape);
  if (!prepared) co_return fail(std::move(prepared).error());
  co_return request_for(*shape);
}

// Somebody else may have asked while the key was made.
Result<PendingRequest> ExternalAuthorities::request_for(const AuthorityShape& shape) {
  auto waiting = context_.store.certificate_requests.find(shape.owner);
  if (!waiting) return fail(std::move(waiting).error());
  if (*waiting) return view_of(context_, **waiting);
  auto key = take_key(context_, shape);
  if (!key) return fail(std::move(key).error());
  auto name = next_name(context_, shape);
  if (!name) return fail(std::move(name).error());
  auto request =
      x509::CertificateRequest::create_for_ca(x509::KeySigner(*key), *name, shape.path_length);
  if (!request) return fail(std::move(request).error());
  CertificateRequestRecord record{random_id("csr"),  shape.organization,  shape.workspace,
                                  shape.owner,       shape.use,           *name,
                                  request->to_pem(), context_.clock.now()};
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto kept = keep_ca_key(context_, record.id, *key);
  if (!kept) return fail(std::move(kept).error());
  auto inserted = context_.store.certificate_requests.insert(record);
  if (!inserted) return fail(std::move(inserted).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return view_of(context_, record);
}

Result<std::vector<PendingRequest>> ExternalAuthorities::pending(
    const fleet::OrganizationId& organization) const {
  auto records = context_.store.certificate_requests.list(organization);
  if (!records) return fail(std::move(records).error());
  std::vector<PendingRequest> views;
  for (const auto& record : *records) {
    auto view = view_of(context_, record);
    if (!view) return fail(std::move(view).error());
    views.push_back(*std::move(view));
  }
  return views;
}

Result<void> ExternalAuthorities::abandon(const fleet::OrganizationId& organization,
                                          const std::string& workspace) {
  auto shape = find_shape(context_, organization, workspace);
  if (!shape) return fail(std::move(shape).error());
  auto request = find_request(context_, *shape);
  if (!request) return fail(std::move(request).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto forgotten = forget_ca_key(context_, request->id);
  if (!forgotten) return forgotten;
  auto removed = context_.store.certificate_requests.remove(shape->owner);
  if (!removed) return removed;
  return transaction->commit();
}

Result<RolloverStarted> ExternalAuthorities::import_chain(const fleet::OrganizationId& organization,
                                                          const std::string& workspace,
                                                          const std::string& chain_pem) {
  auto shape = find_shape(context_, organization, workspace);
  if (!shape) return fail(std::move(shape).error());
  auto request = find_request(context_, *shape);
  if (!request) return fail(std::move(request).error());
  auto certificates = x509::parse_chain(chain_pem);
  if (!certificates) return fail(std::move(certificates).error());
  auto signer = open_signer(context_, request->id);
  if (!signer) return fail(std::move(signer).error());
  auto demand = demand_of(context_, *shape);
  if (!demand) return fail(std::move(demand).error());
  auto chain = check_external_authority(*certificates, **signer, *demand);
  if (!chain) return fail(std::move(chain).error());
  return follow_with(context_, *shape, *chain, CertificateOrigin::signed_outside,
                     [&](const std::string& id) -> Result<void> {
                       auto removed = context_.store.certificate_requests.remove(shape->owner);
                       if (!removed) return removed;
                       return move_ca_key(context_, request->id, id);
                     });
}

Result<RolloverStarted> ExternalAuthorities::import_authority(
    const fleet::OrganizationId& organization, const std::string& workspace,
    const std::string& chain_pem, const Secret& key_pem) {
  auto shape = find_shape(context_, organization, workspace);
  if (!shape) return fail(std::move(shape).error());
  auto certificates = x509::parse_chain(chain_pem);
  if (!certificates) return fail(std::move(certificates).error());
  auto key = x509::PrivateKey::from_pem(key_pem);
  if (!key) return fail(std::move(key).error());
  auto demand = demand_of(context_, *shape);
  if (!demand) return fail(std::move(demand).error());
  auto chain = check_external_authority(*certificates, x509::KeySigner(*key), *demand);
  if (!chain) return fail(std::move(chain).error());
  return follow_with(
      context_, *shape, *chain, CertificateOrigin::imported,
      [&](const std::string& id) -> Result<void> { return keep_ca_key(context_, id, *key); });
}

}  // namespace ferry::control
