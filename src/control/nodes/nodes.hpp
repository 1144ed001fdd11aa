// SPDX-License-Identifier: Apache-2.0
// Nodes as Ferry knows them: made with a one-time token, gone with their identity in the IoT Hub.
// What a node reports is in observing.hpp; how it gets its certificate in registration.hpp.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "control/workflow/operations.hpp"
#include "fleet/types.hpp"
#include "store/node_events.hpp"

namespace ferry::control {

// The only moment at which the token can be read.
struct NodeTicket {
  fleet::NodeId id;
  std::string name;
  std::string group;
  std::string registration_id;
  Secret token;
  Timestamp expires_at;
};

struct TokenOptions {
  std::optional<std::chrono::hours> life = {};  // as the policy has it when not given
  std::string actor = {};                       // who asks, for the trail
};

struct NewNode {
  std::string name;
  std::string group;
};

// Of one row of many: its ticket, or why there is none.
struct BatchRow {
  std::string name;
  Result<NodeTicket> ticket;
};

struct OpenTokenView {
  std::string node;
  std::string group;
  std::string prefix;  // how the token begins
  bool replaces = false;
  bool expired = false;
  Timestamp created_at;
  Timestamp expires_at;
};

class Nodes {
 public:
  static constexpr std::size_t kLargestBatch = 1000;

  explicit Nodes(Context& context) : context_(context) {}

  Result<NodeTicket> create(const fleet::OrganizationId& organization, const std::string& workspace,
                            const std::string& name, const std::string& group,
                            const TokenOptions& options = {});
  // In one transaction; a row that cannot be made leaves the others alone. `again`: rows of nodes
  // that exist in that group and are not registered get a new token, because the answer that held
  // theirs was lost.
  Result<std::vector<BatchRow>> create_many(const fleet::OrganizationId& organization,
                                            const std::string& workspace,
                                            const std::vector<NewNode>& rows, bool again,
                                            const TokenOptions& options = {});
  // A new token; the old one is void. Code::conflict when the node is registered.
  Result<NodeTicket> issue_token(const fleet::OrganizationId& organization,
                                 const std::string& workspace, const std::string& node,
                                 const TokenOptions& options = {});
  // A token for new hardware in the place of what is registered. What the old device has stays good
  // until the new one is in use.
  Result<NodeTicket> replace(const fleet::OrganizationId& organization,
                             const std::string& workspace, const std::string& node,
                             const TokenOptions& options = {});
  // By node name, a page at a time; `after`: the last node of the page before.
  Result<std::vector<OpenTokenView>> open_tokens(const fleet::OrganizationId& organization,
                                                 const std::string& workspace,
                                                 const std::string& after, int limit) const;
  // Code::not_found when the node has no open token.
  Result<void> revoke_token(const fleet::OrganizationId& organization, const std::string& workspace,
                            const std::string& node, const std::string& actor);
  // The trail, newest first; `node` empty: of the whole workspace. `before`: the number that the
  // page before ended with.
  Result<std::vector<store::NodeEvent>> events(const fleet::OrganizationId& organization,
                                               const std::string& workspace,
                                               const std::string& node, std::int64_t before,
                                               int limit) const;
  Result<OperationView> remove(const fleet::OrganizationId& organization,
                               const std::string& workspace, const std::string& node,
                               const std::string& actor = {});

 private:
  Result<NodeTicket> insert(const fleet::Workspace& workspace, const fleet::NodeGroup& group,
                            const std::string& name, const TokenOptions& options);
  Result<NodeTicket> new_ticket(const fleet::Node& node, const std::string& group,
                                const TokenOptions& options, bool replaces);
  Result<NodeTicket> ticket_for(const fleet::OrganizationId& organization,
                                const std::string& workspace, const std::string& node,
                                const TokenOptions& options, bool replaces);
  Result<NodeTicket> create_row(const fleet::Workspace& workspace,
                                std::map<std::string, Result<fleet::NodeGroup>>& groups,
                                const NewNode& row, bool again, const TokenOptions& options);
  Context& context_;
};

}  // namespace ferry::control
