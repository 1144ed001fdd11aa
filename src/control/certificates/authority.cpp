// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/authority.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "control/certificates/ca_keys.hpp"
#include "control/certificates/certificate_policy.hpp"
#include "x509/authority.hpp"

namespace ferry::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using store::CertificateRecord;
using store::CertificateState;

constexpr hours kDay{24};
constexpr hours kYear{24 * 365};
constexpr minutes kBackdate{15};
constexpr std::size_t kCommonNameLimit = 64;
constexpr std::size_t kLongestChain = 16;
constexpr std::size_t kMostOpen = 512;

std::string shorten(std::string name) {
  name.resize(std::min(name.size(), kCommonNameLimit));
  return name;
}

// A CA that can sign.
struct Authority {
  CertificateRecord record;
  x509::Certificate certificate;
  std::shared_ptr<const x509::Signer> signer;
};

Result<Authority> open_authority(const Context& context, CertificateRecord record) {
  auto& open = context.open_authorities;
  const auto kept = open.find(record.id);
  if (kept != open.end()) {
    return Authority{std::move(record), kept->second.certificate, kept->second.signer};
  }
  auto certificate = x509::Certificate::from_pem(record.pem);
  if (!certificate) return fail(std::move(certificate).error());
  auto signer = open_signer(context, record.id);
  if (!signer) return fail(std::move(signer).error().with("sign with '{}'", record.subject));
  if (open.size() >= kMostOpen) open.clear();
  open.emplace(record.id, Context::OpenAuthority{*certificate, *signer});
  return Authority{std::move(record), *std::move(certificate), *std::move(signer)};
}

Result<Authority> issuing_authority(const Context& context, const std::string& owner) {
  auto record = context.store.certificates.find_authority(owner);
  if (!record) return fail(std::move(record).error());
  if (!*record) return fail(Code::internal, "the CA of {} is not there", owner);
  return open_authority(context, **std::move(record));
}

// Issuers refuse a validity that theirs does not contain.
void nest_validity(x509::CertificateProfile& profile, const x509::Certificate& issuer) {
  profile.not_before = std::max(profile.not_before, issuer.not_before());
  profile.not_after = std::min(profile.not_after, issuer.not_after());
}

x509::CertificateProfile profile_from(Timestamp now, std::string common_name, hours validity) {
  x509::CertificateProfile profile;
  profile.common_name = std::move(common_name);
  profile.not_before = now - kBackdate;
  profile.not_after = now + validity;
  return profile;
}

struct Issued {
  x509::Certificate certificate;
  std::optional<std::string> issuer_id;
};

Result<Issued> issue_authority(const Context& context, const AuthorityShape& shape,
                               const x509::PrivateKey& key) {
  auto name = next_name(context, shape);
  if (!name) return fail(std::move(name).error());
  auto profile = profile_from(context.clock.now(), *std::move(name), shape.validity);
  profile.ca = true;
  profile.path_length = shape.path_length;
  profile.client_auth = shape.clients_only;
  if (shape.issuer_owner.empty()) {
    auto root = x509::issue_self_signed(key, profile);
    if (!root) return fail(std::move(root).error());
    return Issued{*std::move(root), std::nullopt};
  }
  auto issuer = issuing_authority(context, shape.issuer_owner);
  if (!issuer) return fail(std::move(issuer).error());
  nest_validity(profile, issuer->certificate);
  auto certificate = x509::issue(issuer->certificate, *issuer->signer, key.public_key(), profile);
  if (!certificate) return fail(std::move(certificate).error());
  return Issued{*std::move(certificate), issuer->record.id};
}

Result<CertificateRecord> ensure_authority(Context& context, const AuthorityShape& shape) {
  auto existing = context.store.certificates.find_authority(shape.owner);
  if (!existing) return fail(std::move(existing).error());
  if (*existing) return **std::move(existing);
  return make_authority(context, shape, CertificateState::active);
}

}  // namespace

CertificateRecord describe_certificate(const x509::Certificate& certificate) {
  CertificateRecord record;
  record.id = random_id("cert");
  record.subject = certificate.subject_cn();
  record.issuer = certificate.issuer_cn();
  record.not_before = certificate.not_before();
  record.not_after = certificate.not_after();
  record.thumbprint = to_lower(certificate.sha256_thumbprint());
  record.pem = certificate.to_pem();
  record.serial = certificate.serial_hex();
  record.spki = hex_encode(sha256(certificate.public_key_der()));
  if (auto type = certificate.public_key().type()) record.key_type = to_string(*type);
  return record;
}

AuthorityShape organization_shape(const fleet::Organization& organization) {
  return {.use = "organization-root",
          .owner = organization.id.str(),
          .issuer_owner = {},
          .common_name = shorten(fmt::format("{} root CA", organization.name)),
          .validity = 20 * kYear,
          .path_length = 2,
          .organization = organization.id,
          .workspace = {},
          .policy_owners = {organization.id.str()}};
}

AuthorityShape workspace_shape(const fleet::Workspace& workspace) {
  return {.use = "workspace-ca",
          .owner = workspace.id.str(),
          .issuer_owner = workspace.organization.str(),
          .common_name = shorten(fmt::format("{} CA {}", workspace.name, workspace.id)),
          .validity = 10 * kYear,
          .path_length = 1,
          .organization = workspace.organization,
          .workspace = workspace.id.str(),
          .policy_owners = {workspace.id.str(), workspace.organization.str()}};
}

AuthorityShape group_shape(const fleet::Workspace& workspace, const fleet::NodeGroup& group) {
  return {.use = "group-ca",
          .owner = group.id.str(),
          .issuer_owner = workspace.id.str(),
          .common_name = fmt::format("{} CA {}", group.name.substr(0, 36), group.id),
          .validity = 5 * kYear,
          .path_length = 0,
          .clients_only = true,
          .organization = workspace.organization,
          .workspace = workspace.id.str(),
          .policy_owners = {group.id.str(), workspace.id.str(), workspace.organization.str()}};
}

Result<std::string> next_name(const Context& context, const AuthorityShape& shape) {
  auto before = context.store.certificates.list_authorities(shape.owner);
  if (!before) return fail(std::move(before).error());
  if (before->empty()) return shape.common_name;
  const std::string number = fmt::format(" {}", before->size() + 1);
  return shape.common_name.substr(0, kCommonNameLimit - number.size()) + number;
}

net::Task<Result<void>> prepare_key(Context& context, AuthorityShape shape) {
  auto policy = effective_policy(context, shape.policy_owners);
  if (!policy) co_return fail(std::move(policy).error());
  const x509::KeyType type = policy->ca_key;
  const bool quick = type == x509::KeyType::ec_p256 || type == x509::KeyType::ec_p384;
  if (quick || context.prepared_keys.contains(shape.owner)) co_return Result<void>();
  auto made = std::make_shared<std::optional<x509::PrivateKey>>();
  co_await net::run_blocking([made, type] { made->emplace(x509::PrivateKey::generate(type)); });
  context.prepared_keys.insert_or_assign(shape.owner, **made);
  co_return Result<void>();
}

Result<x509::PrivateKey> take_key(Context& context, const AuthorityShape& shape) {
  auto policy = effective_policy(context, shape.policy_owners);
  if (!policy) return fail(std::move(policy).error());
  const auto prepared = context.prepared_keys.extract(shape.owner);
  if (!prepared.empty()) {
    auto kind = prepared.mapped().public_key().type();
    if (kind && *kind == policy->ca_key) return prepared.mapped();
  }
  return x509::PrivateKey::generate(policy->ca_key);
}

Result<CertificateRecord> make_authority(Context& context, const AuthorityShape& shape,
                                         CertificateState state) {
  auto key = take_key(context, shape);
  if (!key) return fail(std::move(key).error());
  auto issued = issue_authority(context, shape, *key);
  if (!issued) return fail(std::move(issued).error().with("issue the {}", shape.use));
  auto record = describe_certificate(issued->certificate);
  record.organization = shape.organization;
  record.workspace = shape.workspace;
  record.owner = shape.owner;
  record.use = shape.use;
  record.issuer_id = issued->issuer_id;
  record.state = state;
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto sealed = keep_ca_key(context, record.id, *key);
  if (!sealed) return fail(std::move(sealed).error());
  auto inserted = context.store.certificates.insert(record);
  if (!inserted) return fail(std::move(inserted).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return record;
}

Result<CertificateRecord> ensure_organization_root(Context& context,
                                                   const fleet::Organization& organization) {
  return ensure_authority(context, organization_shape(organization));
}

Result<CertificateRecord> ensure_workspace_ca(Context& context, const fleet::Workspace& workspace) {
  return ensure_authority(context, workspace_shape(workspace));
}

Result<CertificateRecord> ensure_group_ca(Context& context, const fleet::Workspace& workspace,
                                          const fleet::NodeGroup& group) {
  return ensure_authority(context, group_shape(workspace, group));
}

Result<std::string> prove_possession(Context& context, const CertificateRecord& authority,
                                     const std::string& verification_code) {
  auto issuer = open_authority(context, authority);
  if (!issuer) return fail(std::move(issuer).error());
  auto profile = profile_from(context.clock.now(), verification_code, kDay);
  nest_validity(profile, issuer->certificate);
  const auto key = x509::PrivateKey::generate();
  auto certificate = x509::issue(issuer->certificate, *issuer->signer, key.public_key(), profile);
  if (!certificate) return fail(std::move(certificate).error().with("prove possession of the CA"));
  return certificate->to_pem();
}

Result<CertificateRecord> issue_node_certificate(Context& context,
                                                 const fleet::Workspace& workspace,
                                                 const fleet::Node& node,
                                                 const x509::PublicKey& key) {
  auto policy = effective_policy(
      context, {node.group.str(), workspace.id.str(), workspace.organization.str()});
  if (!policy) return fail(std::move(policy).error());
  auto allowed = check_node_key(*policy, key);
  if (!allowed) return fail(std::move(allowed).error());
  auto issuer = issuing_authority(context, node.group.str());
  if (!issuer) return fail(std::move(issuer).error());
  auto profile = profile_from(context.clock.now(), node.registration_id, policy->node_days * kDay);
  profile.client_auth = true;
  nest_validity(profile, issuer->certificate);
  auto certificate = x509::issue(issuer->certificate, *issuer->signer, key, profile);
  if (!certificate) {
    return fail(
        std::move(certificate).error().with("issue the certificate of node '{}'", node.name));
  }
  auto record = describe_certificate(*certificate);
  record.organization = workspace.organization;
  record.workspace = workspace.id.str();
  record.owner = node.id.str();
  record.use = "node";
  record.issuer_id = issuer->record.id;
  return record;
}

Result<CertificateRecord> issue_edge_authority(Context& context, const fleet::Workspace& workspace,
                                               const fleet::Node& node,
                                               const x509::PublicKey& key) {
  auto policy = effective_policy(
      context, {node.group.str(), workspace.id.str(), workspace.organization.str()});
  if (!policy) return fail(std::move(policy).error());
  // The runtime chooses the kind of its key, whatever kinds nodes may have.
  if (auto type = key.type(); !type) return fail(std::move(type).error());
  if (auto sound = key.check(); !sound) return fail(std::move(sound).error());
  auto issuer = issuing_authority(context, workspace.id.str());
  if (!issuer) return fail(std::move(issuer).error());
  auto profile = profile_from(context.clock.now(),
                              node.registration_id.substr(0, kCommonNameLimit - 8) + " edge CA",
                              policy->node_days * kDay);
  profile.ca = true;
  profile.path_length = 0;
  nest_validity(profile, issuer->certificate);
  auto certificate = x509::issue(issuer->certificate, *issuer->signer, key, profile);
  if (!certificate) {
    return fail(std::move(certificate).error().with("issue the edge CA of node '{}'", node.name));
  }
  auto record = describe_certificate(*certificate);
  record.organization = workspace.organization;
  record.workspace = workspace.id.str();
  record.owner = store::edge_authority_owner(node.id);
  record.use = "edge-ca";
  record.issuer_id = issuer->record.id;
  return record;
}

Result<std::vector<CertificateRecord>> issuers_of(const Context& context,
                                                  const CertificateRecord& certificate) {
  std::vector<CertificateRecord> issuers;
  auto next = certificate.issuer_id;
  while (next && issuers.size() < kLongestChain) {
    auto record = context.store.certificates.find_by_id(*next);
    if (!record) return fail(std::move(record).error());
    if (!*record)
      return fail(Code::internal, "the issuer of '{}' is not there", certificate.subject);
    next = (*record)->issuer_id;
    issuers.push_back(**std::move(record));
  }
  return issuers;
}

Result<std::string> full_chain(const Context& context, const CertificateRecord& certificate) {
  auto issuers = issuers_of(context, certificate);
  if (!issuers) return fail(std::move(issuers).error());
  std::string chain = certificate.pem;
  for (const auto& issuer : *issuers) chain += issuer.pem;
  return chain;
}

Result<std::vector<CertificateRecord>> trust_anchors(const Context& context,
                                                     const fleet::Workspace& workspace) {
  auto records = context.store.certificates.list_authorities(workspace.organization, workspace.id);
  if (!records) return fail(std::move(records).error());
  std::erase_if(*records, [](const CertificateRecord& record) {
    return record.use == "external-ca" || record.state == CertificateState::retired;
  });
  auto of_devices = context.store.certificates.list_issuers_of_edge_authorities(
      workspace.id, context.clock.now());
  if (!of_devices) return fail(std::move(of_devices).error());
  std::move(of_devices->begin(), of_devices->end(), std::back_inserter(*records));
  std::vector<CertificateRecord> anchors;
  for (const auto& record : *records) {
    auto issuers = issuers_of(context, record);
    if (!issuers) return fail(std::move(issuers).error());
    const auto& anchor = issuers->empty() ? record : issuers->back();
    const auto same = [&](const CertificateRecord& other) { return other.id == anchor.id; };
    if (std::none_of(anchors.begin(), anchors.end(), same)) anchors.push_back(anchor);
  }
  return anchors;
}

}  // namespace ferry::control
