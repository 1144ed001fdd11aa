// SPDX-License-Identifier: Apache-2.0
// Operations and their steps: what makes promises survive a crash.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct OperationStep {
  std::string name;
  std::vector<std::string> depends_on;  // names of steps of the same operation
  fleet::RunState status = fleet::RunState::pending;
  std::string detail;
  int attempt = 0;                    // the present or last one; 0 before the first
  std::optional<Timestamp> retry_at;  // when the next attempt is due, while it waits for one
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
};

struct Operation {
  fleet::OperationId id;
  fleet::OrganizationId organization;
  std::string kind;
  std::string target;   // for people
  std::string subject;  // id of the thing
  std::string lane;     // operations of one lane run one after another, in order of creation
  std::string input;    // JSON object: what the steps need besides the subject
  fleet::RunState status = fleet::RunState::pending;
  bool cancel_requested = false;
  std::optional<Error> error;
  Timestamp created_at;
  std::optional<Timestamp> finished_at;
  std::vector<OperationStep> steps;
};

class Operations {
 public:
  explicit Operations(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const Operation& operation);  // with its steps
  // Status, cancellation, error, end; not the steps.
  Result<void> update(const Operation& operation);
  Result<void> update_step(const Operation& operation, std::size_t position);
  Result<std::optional<Operation>> find(const fleet::OperationId& id) const;
  Result<std::vector<Operation>> newest(int limit) const;
  Result<std::vector<Operation>> unfinished() const;  // oldest first
  Result<std::optional<Operation>> find_newest(const std::string& subject) const;

 private:
  Result<std::vector<OperationStep>> steps(const std::string& operation) const;
  Result<std::vector<Operation>> with_steps(Result<std::vector<sqlite::Row>> rows) const;
  sqlite::Database& database_;
};

}  // namespace ferry::store
