// SPDX-License-Identifier: Apache-2.0
#include "control/registration.hpp"

#include "control/authority.hpp"
#include "control/lookup.hpp"
#include "control/node_tokens.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

// One sentence for every reason: which one it was is nobody's business but the owner's.
Error refused_token() {
  return Error{Code::unauthenticated, "the token is unknown, used or expired",
               "ask for a new one: ferry node token"};
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

Result<NodeKey> choose_key(const std::optional<std::string>& csr_pem) {
  if (!csr_pem) {
    const auto key = x509::PrivateKey::generate();
    return NodeKey{key.public_key(), key.to_pem()};
  }
  auto request = x509::CertificateRequest::from_pem(*csr_pem);
  if (!request) {
    return fail(Code::invalid_argument, "the CSR cannot be read: {}", request.error().message);
  }
  auto proven = request->verify_self_signature();
  if (!proven) {
    return fail(Code::invalid_argument, "the CSR does not prove possession of its key: {}",
                proven.error().message);
  }
  return NodeKey{request->public_key(), std::nullopt};
}

// The answer that did not arrive, once more. Only the holder of the key can use it.
Result<store::CertificateRecord> issued_before(const Context& context, const fleet::Node& node,
                                               const x509::PublicKey& key) {
  auto record = context.store.certificates.find(node.id.str());
  if (!record) return fail(std::move(record).error());
  if (!*record) return fail(refused_session());
  auto certificate = x509::Certificate::from_pem((*record)->pem);
  if (!certificate) return fail(std::move(certificate).error());
  if (!(certificate->public_key() == key)) return fail(refused_session());
  return **std::move(record);
}

json::object payload_of(const fleet::Workspace& workspace, const fleet::NodeGroup& group,
                        const fleet::Node& node) {
  return {{"ferry", json::object{{"workspace", workspace.id.str()},
                                 {"nodeGroup", group.id.str()},
                                 {"node", node.id.str()},
                                 {"nodeName", node.name}}}};
}

}  // namespace

Result<NodeSession> Registration::login_node(const Secret& token) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  const std::string hash = hash_token(token);
  auto known = context_.store.nodes.find_token(hash);
  if (!known) return fail(std::move(known).error());
  const Timestamp now = context_.clock.now();
  if (!*known || !constant_time_equal((*known)->hash, hash) || (*known)->used_at ||
      (*known)->expires_at <= now) {
    return fail(refused_token());
  }
  auto node = context_.store.nodes.find((*known)->node);
  if (!node) return fail(std::move(node).error());
  if (!*node || (*node)->deleting) return fail(refused_token());

  const Secret access_token = make_session_token();
  auto kept = context_.store.nodes.insert_session({.hash = hash_token(access_token),
                                                   .node = (*node)->id,
                                                   .token_hash = hash,
                                                   .expires_at = now + kNodeSessionLife});
  if (!kept) return fail(std::move(kept).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return NodeSession{access_token, (*node)->registration_id};
}

Result<IssuedCertificate> Registration::get_certificate(const Secret& access_token,
                                                        const std::optional<std::string>& csr_pem) {
  auto session = context_.store.nodes.find_session(hash_token(access_token));
  if (!session) return fail(std::move(session).error());
  if (!*session || (*session)->expires_at <= context_.clock.now()) return fail(refused_session());
  auto node = context_.store.nodes.find((*session)->node);
  if (!node) return fail(std::move(node).error());
  if (!*node || (*node)->deleting) return fail(refused_session());
  auto group = load_group(context_, (*node)->group);
  if (!group) return fail(std::move(group).error());
  auto workspace = load_workspace(context_, (*node)->workspace);
  if (!workspace) return fail(std::move(workspace).error());

  auto key = choose_key(csr_pem);
  if (!key) return fail(std::move(key).error());
  auto certificate = (*node)->registered_at ? issued_before(context_, **node, key->public_key)
                                            : issue(**session, *workspace, **node, key->public_key);
  if (!certificate) return fail(std::move(certificate).error());
  auto chain = full_chain(context_, *certificate);
  if (!chain) return fail(std::move(chain).error());
  return IssuedCertificate{*std::move(chain), key->private_key,
                           payload_of(*workspace, *group, **node), workspace->provisioning_host,
                           workspace->id_scope};
}

Result<store::CertificateRecord> Registration::issue(const store::NodeSessionRecord& session,
                                                     const fleet::Workspace& workspace,
                                                     const fleet::Node& node,
                                                     const x509::PublicKey& key) {
  auto certificate = issue_node_certificate(context_, workspace, node, key);
  if (!certificate) return certificate;
  auto recorded = record_issue(session, node, *certificate);
  if (!recorded) return fail(std::move(recorded).error());
  return certificate;
}

Result<void> Registration::record_issue(const store::NodeSessionRecord& session, fleet::Node node,
                                        const store::CertificateRecord& certificate) {
  const Timestamp now = context_.clock.now();
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto first = context_.store.nodes.use_token(node.id, session.token_hash, now);
  if (!first) return fail(std::move(first).error());
  if (!*first) return fail(refused_session());
  auto ended = context_.store.nodes.remove_other_sessions(session);
  if (!ended) return ended;
  auto inserted = context_.store.certificates.insert(certificate);
  if (!inserted) return inserted;
  node.registered_at = now;
  auto updated = context_.store.nodes.update(node);
  if (!updated) return updated;
  return transaction->commit();
}

}  // namespace ferry::control
