// SPDX-License-Identifier: Apache-2.0
#include "control/registration/edge_authorities.hpp"

#include <algorithm>

#include "control/certificates/authority.hpp"
#include "control/registration/presented_device.hpp"
#include "control/registration/registration_policy.hpp"
#include "control/trail.hpp"

namespace ferry::control {

Result<x509::Certificate> EdgeAuthorities::issue(const std::vector<std::string>& chain,
                                                 const x509::PublicKey& key,
                                                 const std::string& address) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto presented = identify_device(context_, chain, address);
  if (!presented) return fail(std::move(presented).error());
  const auto& [workspace, node, shown, newest] = *presented;
  if (auto good = check_current(context_, *presented); !good) return fail(std::move(good).error());
  if (auto good = check_not_replaced(*presented); !good) return fail(std::move(good).error());
  auto policy = registration_policy(context_, workspace.id, node.group);
  if (!policy) return fail(std::move(policy).error());
  if (!policy->edge_authorities) {
    return fail(Error{Code::permission_denied, "devices get no edge CA here",
                      "ferry policy set --edge-ca allow"});
  }
  auto room = check_daily_count(context_, store::edge_authority_owner(node.id));
  if (!room) return fail(std::move(room).error());
  auto record = issue_edge_authority(context_, workspace, node, key);
  if (!record) return fail(std::move(record).error());
  auto inserted = context_.store.certificates.insert(*record);
  if (!inserted) return fail(std::move(inserted).error());
  auto noted = note(context_, node, "edge_ca.issued", device_actor(address),
                    "certificate " + record->serial);
  if (!noted) return fail(std::move(noted).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return x509::Certificate::from_pem(record->pem);
}

Result<std::vector<x509::Certificate>> EdgeAuthorities::above_edge_authority(
    const std::vector<std::string>& chain, const std::string& address) {
  auto presented = identify_device(context_, chain, address);
  if (!presented) return fail(std::move(presented).error());
  return above(presented->workspace, presented->workspace.id.str());
}

Result<std::vector<x509::Certificate>> EdgeAuthorities::above_node(
    const std::vector<std::string>& chain, const std::string& address) {
  auto presented = identify_device(context_, chain, address);
  if (!presented) return fail(std::move(presented).error());
  return above(presented->workspace, presented->node.group.str());
}

Result<std::vector<x509::Certificate>> EdgeAuthorities::above(const fleet::Workspace& workspace,
                                                              const std::string& owner) const {
  auto issuer = context_.store.certificates.find_authority(owner);
  if (!issuer) return fail(std::move(issuer).error());
  if (!*issuer) return fail(Code::internal, "the CA of {} is not there", owner);
  auto records = issuers_of(context_, **issuer);
  if (!records) return fail(std::move(records).error());
  records->insert(records->begin(), **issuer);
  auto anchors = trust_anchors(context_, workspace);
  if (!anchors) return fail(std::move(anchors).error());
  records->insert(records->end(), anchors->begin(), anchors->end());
  std::vector<x509::Certificate> certificates;
  for (const auto& record : *records) {
    auto certificate = x509::Certificate::from_pem(record.pem);
    if (!certificate) return fail(std::move(certificate).error());
    const bool known =
        std::find(certificates.begin(), certificates.end(), *certificate) != certificates.end();
    if (!known) certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

}  // namespace ferry::control
