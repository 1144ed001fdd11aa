// SPDX-License-Identifier: Apache-2.0
#include "control/registration/registration.hpp"

#include <algorithm>

#include "control/certificates/authority.hpp"
#include "control/lookup.hpp"
#include "control/nodes/node_gate.hpp"
#include "control/registration/enrolling.hpp"
#include "control/registration/node_tokens.hpp"
#include "control/registration/registration_policy.hpp"
#include "control/trail.hpp"

namespace ferry::control {
namespace {

// One sentence for every reason: which one it was is nobody's business but the owner's.
Error refused_token() {
  return Error{Code::unauthenticated, "the token is unknown, used or expired",
               "ask for a new one: ferry node token create"};
}

Error refused_session() {
  return Error{Code::unauthenticated, "the access token is unknown, used or expired",
               "log in again with the one-time token"};
}

// The key that the certificate is for, and its private half when Ferry made it.
struct NodeKey {
  x509::PublicKey public_key;
  std::optional<Secret> private_key;
};

Result<NodeKey> choose_key(const std::optional<std::string>& csr_pem, bool server_keys) {
  if (csr_pem) {
    auto key = key_of_csr(*csr_pem);
    if (!key) return fail(std::move(key).error());
    return NodeKey{*std::move(key), std::nullopt};
  }
  if (!server_keys) {
    return fail(Error{Code::permission_denied, "keys are made on the device here: send a CSR",
                      "ferry-agent register does; or ferry policy set --server-keys allow"});
  }
  const auto key = x509::PrivateKey::generate();
  return NodeKey{key.public_key(), key.to_pem()};
}

// The answer that did not arrive, once more. Only the holder of the key can use it.
Result<store::CertificateRecord> issued_before(const Context& context, const fleet::Node& node,
                                               const x509::PublicKey& key) {
  auto record = context.store.certificates.find(node.id.str());
  if (!record) return fail(std::move(record).error());
  if (!*record || (*record)->revoked_at || (*record)->spki != digest_of(key)) {
    return fail(refused_session());
  }
  return **std::move(record);
}

// Until when a certificate that the device before had is good for DPS.
Result<std::optional<Timestamp>> last_end(const Context& context, const fleet::Node& node) {
  auto records = context.store.certificates.list_of(node.id.str());
  if (!records) return fail(std::move(records).error());
  std::optional<Timestamp> end;
  for (const auto& record : *records) {
    if (record.not_after > context.clock.now()) end = std::max(end, {record.not_after});
  }
  return end;
}

}  // namespace

Result<LoginAnswer> Registration::login_node(const LoginRequest& request) {
  const std::string from = address_key(request.address);
  const std::string prefix = "token " + token_prefix(request.token);
  for (const auto& key : {from, prefix}) {
    auto allowed = context_.failures.check(key);
    if (!allowed) return fail(std::move(allowed).error());
  }
  auto answer = log_in(request);
  if (!answer && answer.error().code == Code::unauthenticated) {
    context_.failures.count(from);
    context_.failures.count(prefix);
  }
  return answer;
}

Result<LoginAnswer> Registration::log_in(const LoginRequest& request) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  const std::string hash = hash_token(request.token);
  auto known = context_.store.nodes.find_token(hash);
  if (!known) return fail(std::move(known).error());
  Result<LoginAnswer> answer = fail(refused_token());
  if (*known && constant_time_equal((*known)->hash, hash)) {
    answer = log_in_node(**known);
  } else {
    auto admitted = enrol(context_, hash, request);
    if (!admitted) return fail(std::move(admitted).error());
    if (auto* awaited = std::get_if<AwaitedApproval>(&*admitted)) {
      answer = *awaited;
    } else if (auto* place = std::get_if<EnrolledNode>(&*admitted)) {
      auto session = open_session(place->node, place->token_hash);
      if (!session) return fail(std::move(session).error());
      answer = *std::move(session);
    }
  }
  if (!answer) return answer;
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return answer;
}

Result<LoginAnswer> Registration::log_in_node(const store::NodeToken& token) {
  if (token.used_at || token.expires_at <= context_.clock.now()) return fail(refused_token());
  auto node = context_.store.nodes.find(token.node);
  if (!node) return fail(std::move(node).error());
  if (!*node || (*node)->deleting) return fail(refused_token());
  auto admitted = check_admitted(context_, **node);
  if (!admitted) return fail(std::move(admitted).error());
  auto session = open_session(**node, token.hash);
  if (!session) return fail(std::move(session).error());
  return LoginAnswer(*std::move(session));
}

Result<NodeSession> Registration::open_session(const fleet::Node& node,
                                               const std::string& token_hash) {
  const Secret access_token = make_session_token();
  const Timestamp now = context_.clock.now();
  auto pruned = context_.store.nodes.remove_ended_sessions(node.id, now);
  if (!pruned) return fail(std::move(pruned).error());
  auto kept = context_.store.nodes.insert_session({.hash = hash_token(access_token),
                                                   .node = node.id,
                                                   .token_hash = token_hash,
                                                   .expires_at = now + kNodeSessionLife});
  if (!kept) return fail(std::move(kept).error());
  return NodeSession{access_token, node.registration_id};
}

net::Task<Result<IssuedCertificate>> Registration::get_certificate(
    Secret access_token, std::optional<std::string> csr_pem, std::string address) {
  fleet::NodeId node;
  auto issued = certify(access_token, csr_pem, address, node);
  if (!issued) co_return issued;
  // What was issued is on record: should the cloud be away, the same request gets it again.
  auto settled = co_await settle_gate(context_, node);
  if (!settled) co_return fail(gate_failure(std::move(settled).error()));
  co_return issued;
}

Result<IssuedCertificate> Registration::certify(const Secret& access_token,
                                                const std::optional<std::string>& csr_pem,
                                                const std::string& address, fleet::NodeId& id) {
  auto allowed = context_.failures.check(address_key(address));
  if (!allowed) return fail(std::move(allowed).error());
  auto session = context_.store.nodes.find_session(hash_token(access_token));
  if (!session) return fail(std::move(session).error());
  if (!*session || (*session)->expires_at <= context_.clock.now()) {
    context_.failures.count(address_key(address));
    return fail(refused_session());
  }
  auto node = context_.store.nodes.find((*session)->node);
  if (!node) return fail(std::move(node).error());
  if (!*node || (*node)->deleting) return fail(refused_session());
  id = (*node)->id;
  auto admitted = check_admitted(context_, **node);
  if (!admitted) return fail(std::move(admitted).error());
  auto workspace = load_workspace(context_, (*node)->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  auto policy = registration_policy(context_, workspace->id, (*node)->group);
  if (!policy) return fail(std::move(policy).error());
  auto key = choose_key(csr_pem, policy->server_keys);
  if (!key) return fail(std::move(key).error());

  auto token = context_.store.nodes.find_token((*session)->token_hash);
  if (!token) return fail(std::move(token).error());
  const bool open = *token && !(*token)->used_at;
  auto certificate = open ? issue(**session, *workspace, **node, key->public_key, address)
                          : issued_before(context_, **node, key->public_key);
  if (!certificate) return fail(std::move(certificate).error());
  auto issued = answer_with(context_, *workspace, **node, *certificate);
  if (issued) issued->private_key = key->private_key;
  return issued;
}

Result<store::CertificateRecord> Registration::issue(const store::NodeSessionRecord& session,
                                                     const fleet::Workspace& workspace,
                                                     fleet::Node& node, const x509::PublicKey& key,
                                                     const std::string& address) {
  auto certificate = issue_node_certificate(context_, workspace, node, key);
  if (!certificate) return certificate;
  auto recorded = record_issue(session, node, *certificate, address);
  if (!recorded) return fail(std::move(recorded).error());
  return certificate;
}

Result<void> Registration::record_issue(const store::NodeSessionRecord& session, fleet::Node& node,
                                        const store::CertificateRecord& certificate,
                                        const std::string& address) {
  const Timestamp now = context_.clock.now();
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto first = context_.store.nodes.use_token(node.id, session.token_hash, now);
  if (!first) return fail(std::move(first).error());
  if (!*first) return fail(refused_session());
  auto ended = context_.store.nodes.remove_other_sessions(session);
  if (!ended) return ended;
  auto pinned = last_end(context_, node);
  if (!pinned) return fail(std::move(pinned).error());
  auto inserted = context_.store.certificates.insert(certificate);
  if (!inserted) return inserted;
  node.registered_at = now;
  node.renew_after = renewal_time(certificate);
  node.pinned_until = *pinned;
  auto updated = context_.store.nodes.update(node);
  if (!updated) return updated;
  auto noted = note(context_, node, "node.registered", device_actor(address),
                    "certificate " + certificate.serial);
  if (!noted) return noted;
  return transaction->commit();
}

}  // namespace ferry::control
