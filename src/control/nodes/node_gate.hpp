// SPDX-License-Identifier: Apache-2.0
// A node's own enrollment in the provisioning service. Most nodes have none: their group's lets
// them in. DPS knows no revocation lists, so that a certificate in foreign hands (of hardware that
// was replaced, of a node that is gone) would let its holder in until it ends. An enrollment of the
// node's own decides before the group's, and holds the certificates that are good.
#pragma once

#include "control/context.hpp"
#include "net/task.hpp"

namespace ferry::control {

// Tags of the twin that a device gets when it first registers. They are what standing deployments
// target.
json::object initial_tags(const fleet::Workspace& workspace, const fleet::NodeGroup& group);

// The node's certificates that have not ended, newest first, revoked ones included.
Result<std::vector<store::CertificateRecord>> lasting_certificates(const Context& context,
                                                                   const fleet::NodeId& node);

// Brings the node's enrollment in line with the database. A revoked node has a disabled one. While
// fleet::Node::pinned_until is ahead, a node has one that holds its two newest certificates which
// are not revoked, disabled when its group or workspace is revoked. All others have none; after
// pinned_until that is taken away, and the time cleared. `restored`: a node that has no reason for
// an enrollment may have one all the same. Idempotent. Call after the certificate is on record and
// before the device hears of it.
net::Task<Result<void>> settle_gate(Context& context, fleet::NodeId node, bool restored = false);

// The operation that does the same, for where nothing can wait; in the caller's transaction.
Result<store::Operation> prepare_settling(Context& context, const fleet::Workspace& workspace,
                                          const fleet::Node& node);

// The caller's view of a failed settle_gate: the device asks again.
Error gate_failure(Error error);

// One that lets none of the node's certificates in, until the last of them has ended. Nothing to do
// for a node that never had one.
net::Task<Result<void>> shut_gate(Context& context, fleet::Workspace workspace, fleet::Node node);

// Takes away the enrollments of nodes that are gone once they keep nobody out any more; for ever.
net::Task<void> sweep_shut_outs(Context& context);

}  // namespace ferry::control
