// SPDX-License-Identifier: Apache-2.0
// Nodes as Ferry knows them: made with a one-time token, gone with their identity in the IoT Hub.
// What a node reports is in observing.hpp; how it gets its certificate in registration.hpp.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "control/operations.hpp"
#include "fleet/types.hpp"

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

class Nodes {
 public:
  explicit Nodes(Context& context) : context_(context) {}

  Result<NodeTicket> create(const fleet::OrganizationId& organization, const std::string& workspace,
                            const std::string& name, const std::string& group);
  // A new token; the old one is void. Code::conflict when the node is registered.
  Result<NodeTicket> issue_token(const fleet::OrganizationId& organization,
                                 const std::string& workspace, const std::string& node);
  Result<OperationView> remove(const fleet::OrganizationId& organization,
                               const std::string& workspace, const std::string& node);

 private:
  Result<NodeTicket> new_ticket(const fleet::Node& node, const std::string& group);
  Context& context_;
};

}  // namespace ferry::control
