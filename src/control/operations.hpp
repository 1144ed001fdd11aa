// SPDX-License-Identifier: Apache-2.0
// Operations: what takes longer than a request, as its starter and everybody else sees it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/types.hpp"

namespace ferry::control {

struct Context;

struct StepView {
  std::string name;
  fleet::RunState status = fleet::RunState::pending;
  std::string detail;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
};

struct OperationView {
  fleet::OperationId id;
  std::string kind;    // "workspace.create"
  std::string target;  // name of the thing, "plant-a" or "plant-a/line-1"
  fleet::RunState status = fleet::RunState::pending;
  std::vector<StepView> steps;
  std::optional<Error> error;  // when failed
  Timestamp created_at;
  std::optional<Timestamp> finished_at;
};

class Operations {
 public:
  explicit Operations(Context& context) : context_(context) {}
  Result<OperationView> get(const std::string& id) const;
  Result<std::vector<OperationView>> newest(int limit = 100) const;  // newest first
  // The newest one about the thing with this id.
  Result<std::optional<OperationView>> newest_about(const std::string& subject) const;

 private:
  Context& context_;
};

}  // namespace ferry::control
