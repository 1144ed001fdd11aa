// SPDX-License-Identifier: Apache-2.0
#include "control/authority.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "x509/authority.hpp"

namespace ferry::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr hours kYear{24 * 365};
// Devices whose clock is a little behind must not refuse what has just been made.
constexpr minutes kBackdate{15};
constexpr std::size_t kCommonNameLimit = 64;

struct CaShape {
  std::string use;
  std::string common_name;
  hours validity;
  int path_length;
};

std::string shorten(std::string name) {
  name.resize(std::min(name.size(), kCommonNameLimit));
  return name;
}

store::CertificateRecord to_record(const x509::Certificate& certificate, std::string use,
                                   std::string owner, const fleet::OrganizationId& organization,
                                   std::optional<std::string> workspace) {
  return {.id = random_id("cert"),
          .organization = organization,
          .workspace = std::move(workspace),
          .owner = std::move(owner),
          .use = std::move(use),
          .subject = certificate.subject_cn(),
          .issuer = certificate.issuer_cn(),
          .not_before = certificate.not_before(),
          .not_after = certificate.not_after(),
          .thumbprint = to_lower(certificate.sha256_thumbprint()),
          .pem = certificate.to_pem()};
}

x509::CertificateProfile ca_profile(const CaShape& shape, Timestamp now) {
  x509::CertificateProfile profile;
  profile.common_name = shape.common_name;
  profile.not_before = now - kBackdate;
  profile.not_after = now + shape.validity;
  profile.ca = true;
  profile.path_length = shape.path_length;
  return profile;
}

Result<void> keep_ca(Context& context, const store::CertificateRecord& record,
                     const x509::PrivateKey& key) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto sealed = context.store.secrets.put(record.owner, secret_names::kCaKey, key.to_pem());
  if (!sealed) return sealed;
  auto inserted = context.store.certificates.insert(record);
  if (!inserted) return inserted;
  return transaction->commit();
}

// A CA with its key, ready to sign.
struct Authority {
  x509::Certificate certificate;
  x509::KeySigner signer;
};

Result<Authority> load_authority(const Context& context, const std::string& owner) {
  auto record = context.store.certificates.find(owner);
  if (!record) return fail(std::move(record).error());
  auto key_pem = context.store.secrets.get(owner, secret_names::kCaKey);
  if (!key_pem) return fail(std::move(key_pem).error());
  if (!*record || !*key_pem) return fail(Code::internal, "the CA of {} is not there", owner);
  auto certificate = x509::Certificate::from_pem((*record)->pem);
  if (!certificate) return fail(std::move(certificate).error());
  auto key = x509::PrivateKey::from_pem(**key_pem);
  if (!key) return fail(std::move(key).error());
  return Authority{*std::move(certificate), x509::KeySigner(*std::move(key))};
}

// Issuers refuse a validity that theirs does not contain.
void nest_validity(x509::CertificateProfile& profile, const x509::Certificate& issuer) {
  profile.not_before = std::max(profile.not_before, issuer.not_before());
  profile.not_after = std::min(profile.not_after, issuer.not_after());
}

Result<store::CertificateRecord> ensure_intermediate(Context& context, const CaShape& shape,
                                                     const std::string& owner,
                                                     const std::string& issuer_owner,
                                                     const fleet::Workspace& workspace) {
  auto existing = context.store.certificates.find(owner);
  if (!existing) return fail(std::move(existing).error());
  if (*existing) return **std::move(existing);
  auto issuer = load_authority(context, issuer_owner);
  if (!issuer) return fail(std::move(issuer).error());
  const auto key = x509::PrivateKey::generate();
  auto profile = ca_profile(shape, context.clock.now());
  nest_validity(profile, issuer->certificate);
  auto certificate = x509::issue(issuer->certificate, issuer->signer, key.public_key(), profile);
  if (!certificate) return fail(std::move(certificate).error().with("issue the {}", shape.use));
  auto record =
      to_record(*certificate, shape.use, owner, workspace.organization, workspace.id.str());
  auto kept = keep_ca(context, record, key);
  if (!kept) return fail(std::move(kept).error());
  return record;
}

}  // namespace

Result<store::CertificateRecord> ensure_organization_root(Context& context,
                                                          const fleet::Organization& organization) {
  auto existing = context.store.certificates.find(organization.id.str());
  if (!existing) return fail(std::move(existing).error());
  if (*existing) return **std::move(existing);
  const CaShape shape{"organization-root", shorten(fmt::format("{} root CA", organization.name)),
                      20 * kYear, 2};
  const auto key = x509::PrivateKey::generate();
  auto certificate = x509::issue_self_signed(key, ca_profile(shape, context.clock.now()));
  if (!certificate) return fail(std::move(certificate).error().with("make the root CA"));
  auto record = to_record(*certificate, shape.use, organization.id.str(), organization.id, {});
  auto kept = keep_ca(context, record, key);
  if (!kept) return fail(std::move(kept).error());
  return record;
}

Result<store::CertificateRecord> ensure_workspace_ca(Context& context,
                                                     const fleet::Workspace& workspace) {
  const CaShape shape{"workspace-ca",
                      shorten(fmt::format("{} CA {}", workspace.name, workspace.id)), 10 * kYear,
                      1};
  return ensure_intermediate(context, shape, workspace.id.str(), workspace.organization.str(),
                             workspace);
}

Result<store::CertificateRecord> ensure_group_ca(Context& context,
                                                 const fleet::Workspace& workspace,
                                                 const fleet::NodeGroup& group) {
  const CaShape shape{"group-ca", fmt::format("{} CA {}", group.name.substr(0, 40), group.id),
                      5 * kYear, 0};
  return ensure_intermediate(context, shape, group.id.str(), workspace.id.str(), workspace);
}

Result<std::string> prove_possession(Context& context, const fleet::Workspace& workspace,
                                     const std::string& verification_code) {
  auto issuer = load_authority(context, workspace.id.str());
  if (!issuer) return fail(std::move(issuer).error());
  x509::CertificateProfile profile;
  profile.common_name = verification_code;
  profile.not_before = context.clock.now() - kBackdate;
  profile.not_after = context.clock.now() + hours(24);
  nest_validity(profile, issuer->certificate);
  const auto key = x509::PrivateKey::generate();
  auto certificate = x509::issue(issuer->certificate, issuer->signer, key.public_key(), profile);
  if (!certificate) return fail(std::move(certificate).error().with("prove possession of the CA"));
  return certificate->to_pem();
}

Result<store::CertificateRecord> issue_node_certificate(Context& context,
                                                        const fleet::Workspace& workspace,
                                                        const fleet::Node& node,
                                                        const x509::PublicKey& key) {
  auto issuer = load_authority(context, node.group.str());
  if (!issuer) return fail(std::move(issuer).error());
  x509::CertificateProfile profile;
  profile.common_name = node.registration_id;
  profile.not_before = context.clock.now() - kBackdate;
  profile.not_after = context.clock.now() + kYear;
  profile.client_auth = true;
  nest_validity(profile, issuer->certificate);
  auto certificate = x509::issue(issuer->certificate, issuer->signer, key, profile);
  if (!certificate) {
    return fail(
        std::move(certificate).error().with("issue the certificate of node '{}'", node.name));
  }
  return to_record(*certificate, "node", node.id.str(), workspace.organization, workspace.id.str());
}

Result<std::string> full_chain(Context& context, const fleet::Workspace& workspace,
                               const fleet::NodeGroupId& group,
                               const store::CertificateRecord& certificate) {
  std::string chain = certificate.pem;
  for (const auto* owner : {&group.str(), &workspace.id.str(), &workspace.organization.str()}) {
    auto record = context.store.certificates.find(*owner);
    if (!record) return fail(std::move(record).error());
    if (!*record) return fail(Code::internal, "the CA of {} is not there", *owner);
    chain += (*record)->pem;
  }
  return chain;
}

}  // namespace ferry::control
