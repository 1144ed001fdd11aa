// SPDX-License-Identifier: Apache-2.0
// Nodes, their one-time tokens and the sessions of their registration. Tokens are known by the hex
// SHA-256 of their text alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct NodeToken {
  fleet::NodeId node;
  std::string hash;
  Timestamp expires_at;
  std::optional<Timestamp> used_at;
  std::string prefix = {};  // how the token begins, so that people can tell tokens apart
  Timestamp created_at = {};
  bool replaces = false;  // for new hardware in the place of what is registered
};

struct OpenToken {
  NodeToken token;
  std::string node;  // names
  std::string group;
};

// All nodes of a workspace, or of one group in it.
struct NodeScope {
  fleet::WorkspaceId workspace;
  std::optional<fleet::NodeGroupId> group;
};

// Nodes of a workspace as people look for them; what is empty does not matter.
struct NodeFilter {
  fleet::WorkspaceId workspace;
  std::string search;  // in the name, whatever the case
  std::optional<fleet::NodeGroupId> group;
};

// As much of a node as tells whether it is wanted.
struct NodeKey {
  std::string name;
  std::string registration_id;
  bool registered = false;
};

struct NodeSessionRecord {
  std::string hash;
  fleet::NodeId node;
  std::string token_hash;  // of the one-time token that opened it
  Timestamp expires_at;
};

class Nodes {
 public:
  explicit Nodes(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const fleet::Node& node);
  Result<void> update(const fleet::Node& node);  // all but name and ids
  Result<void> remove(const fleet::NodeId& id);
  Result<std::optional<fleet::Node>> find(const fleet::NodeId& id) const;
  // By name, else by id.
  Result<std::optional<fleet::Node>> find_named(const fleet::WorkspaceId& workspace,
                                                const std::string& name) const;
  Result<std::vector<fleet::Node>> list(const fleet::WorkspaceId& workspace) const;
  Result<std::int64_t> count_in_group(const fleet::NodeGroupId& group) const;

  // By name; `after`: the last name of the page before.
  Result<std::vector<fleet::Node>> page_by_name(const NodeFilter& filter, const std::string& after,
                                                int limit) const;
  Result<std::vector<NodeKey>> keys_by_name(const NodeFilter& filter, const std::string& after,
                                            std::size_t limit) const;
  // By id, so that a walk over many survives changes. `after`: the last id of the page before.
  Result<std::vector<fleet::Node>> page(const NodeScope& scope, const std::string& after,
                                        int limit) const;
  // Those of them that have an enrollment of their own.
  Result<std::vector<fleet::Node>> pinned(const NodeScope& scope, const std::string& after,
                                          int limit) const;

  // Replaces the node's token and ends its sessions.
  Result<void> put_token(const NodeToken& token);
  Result<std::optional<NodeToken>> find_token(const std::string& hash) const;
  Result<std::optional<NodeToken>> find_token_of(const fleet::NodeId& node) const;
  // Not used yet; expired ones too. By node name; `after`: the last name of the page before.
  Result<std::vector<OpenToken>> open_tokens(const fleet::WorkspaceId& workspace,
                                             const std::string& after, int limit) const;
  // Ends its sessions as well. False when there was none, or it was used.
  Result<bool> remove_token(const fleet::NodeId& node);
  // True for exactly one caller: marks that token used unless it is, or is gone.
  Result<bool> use_token(const fleet::NodeId& node, const std::string& hash, Timestamp now);

  Result<void> insert_session(const NodeSessionRecord& session);
  Result<std::optional<NodeSessionRecord>> find_session(const std::string& hash) const;
  Result<void> remove_sessions(const fleet::NodeId& node);
  Result<void> remove_ended_sessions(const fleet::NodeId& node, Timestamp now);
  Result<void> remove_other_sessions(const NodeSessionRecord& kept);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
