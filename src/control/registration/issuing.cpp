// SPDX-License-Identifier: Apache-2.0
#include "control/registration/issuing.hpp"

#include <cstring>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "control/certificates/authority.hpp"
#include "control/lookup.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

double random_fraction() {
  const std::string bytes = random_bytes(2);
  std::uint16_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number / 65536.0;
}

}  // namespace

Result<x509::PublicKey> key_of_csr(const std::string& csr_pem) {
  auto request = x509::CertificateRequest::from_pem(csr_pem);
  if (!request) {
    return fail(Code::invalid_argument, "the CSR cannot be read: {}", request.error().message);
  }
  auto proven = request->verify_self_signature();
  if (!proven) {
    return fail(Code::invalid_argument, "the CSR does not prove possession of its key: {}",
                proven.error().message);
  }
  return request->public_key();
}

std::string digest_of(const x509::PublicKey& key) {
  return hex_encode(sha256(key.to_der()));
}

Timestamp renewal_time(const store::CertificateRecord& certificate) {
  const auto life = certificate.not_after - certificate.not_before;
  const auto earlier = std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(life.count()) / 20 * random_fraction()));
  return certificate.not_before + life * 2 / 3 - earlier;
}

json::object payload_of(const fleet::Workspace& workspace, const fleet::NodeGroup& group,
                        const fleet::Node& node) {
  return {{"ferry", json::object{{"workspace", workspace.id.str()},
                                 {"nodeGroup", group.id.str()},
                                 {"node", node.id.str()},
                                 {"nodeName", node.name}}}};
}

Result<IssuedCertificate> answer_with(const Context& context, const fleet::Workspace& workspace,
                                      const fleet::Node& node,
                                      const store::CertificateRecord& certificate) {
  auto group = load_group(context, node.group);
  if (!group) return fail(std::move(group).error());
  auto chain = full_chain(context, certificate);
  if (!chain) return fail(std::move(chain).error());
  return IssuedCertificate{node.registration_id,
                           *std::move(chain),
                           std::nullopt,
                           payload_of(workspace, *group, node),
                           workspace.provisioning_host,
                           workspace.id_scope,
                           node.renew_after.value_or(certificate.not_after)};
}

Result<void> check_admitted(const Context& context, const fleet::Node& node) {
  if (node.deleting) return fail(Code::permission_denied, "the node has been deleted");
  auto revocation = context.store.revocations.covering(node);
  if (!revocation) return fail(std::move(revocation).error());
  if (!*revocation) return {};
  const auto& subject = (*revocation)->subject;
  const std::string_view what = subject == node.id.str()      ? "node"
                                : subject == node.group.str() ? "node group"
                                                              : "workspace";
  return fail(Code::permission_denied, "the {} has been revoked: {}", what,
              (*revocation)->reason.empty() ? "no reason given" : (*revocation)->reason);
}

}  // namespace ferry::control
