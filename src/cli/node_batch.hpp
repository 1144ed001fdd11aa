// SPDX-License-Identifier: Apache-2.0
// Many nodes from a file, and their tokens into another. The file of tokens is whole after every
// batch, and says which rows are done: the same command goes on where it was stopped.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace ferry::cli {

struct NodeRow {
  std::string name;
  std::string group;
  friend bool operator==(const NodeRow&, const NodeRow&) = default;
};

// Comma-separated: name and group. A first line that names columns may order them otherwise and
// have more; `group` is for rows without one. Code::invalid_argument names the line: no name, no
// group, a name twice.
Result<std::vector<NodeRow>> parse_node_rows(std::string_view text, const std::string& group);

// DIR/tokens.csv (mode 0600) and, while a batch is under way, DIR/tokens.csv.pending with the names
// in it: should the answer be lost, those nodes may exist without anybody having their tokens.
class TokenFile {
 public:
  // Reads what an earlier run left there.
  static Result<TokenFile> open(std::filesystem::path path);

  bool has(const std::string& name) const { return names_.contains(name); }
  bool was_pending(const std::string& name) const { return pending_.contains(name); }
  std::size_t size() const { return names_.size(); }

  Result<void> begin_batch(const std::vector<NodeRow>& rows) const;
  // `tickets`: as the API answers them.
  Result<void> end_batch(const std::vector<json::object>& tickets);
  void close() const;  // all is done: no batch is under way

 private:
  explicit TokenFile(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path pending_path() const { return path_.string() + ".pending"; }

  std::filesystem::path path_;
  std::string content_;
  std::set<std::string> names_;
  std::set<std::string> pending_;
};

}  // namespace ferry::cli
