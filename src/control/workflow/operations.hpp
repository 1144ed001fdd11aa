// SPDX-License-Identifier: Apache-2.0
// Operations: what takes longer than a request, as its starter and everybody else sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fleet/types.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct Context;

struct StepView {
  std::string name;
  std::vector<std::string> depends_on;  // names of the steps that come before
  fleet::RunState status = fleet::RunState::pending;
  std::string detail;
  int attempt = 0;                    // the present or last one; 0 before the first
  std::optional<Timestamp> retry_at;  // when the next attempt is due, while it waits for one
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
};

struct OperationView {
  fleet::OperationId id;
  std::string kind;    // "workspace.create"
  std::string target;  // name of the thing, "plant-a" or "plant-a/line-1"
  fleet::RunState status = fleet::RunState::pending;
  bool cancel_requested = false;
  std::vector<StepView> steps;
  std::optional<Error> error;  // when failed
  Timestamp created_at;
  std::optional<Timestamp> finished_at;
};

// One state of something that is watched.
struct WatchedOperation {
  OperationView operation;
  std::uint64_t revision = 0;
};

class Operations {
 public:
  explicit Operations(Context& context) : context_(context) {}
  Result<OperationView> get(const std::string& id) const;
  Result<std::vector<OperationView>> newest(int limit = 100) const;  // newest first
  // The newest one about the thing with this id.
  Result<std::optional<OperationView>> newest_about(const std::string& subject) const;
  // No further step begins; Code::conflict when it has ended already. The view shows that it was
  // asked for; the operation ends when the steps that run have ended.
  Result<OperationView> cancel(const std::string& id);

  // Live: the state as it is when its revision is another than `seen` (0 at first), else as it is
  // after the next change, which may be several at once; nothing when `patience` ran out. An
  // operation that is over does not change any more.
  net::Task<Result<std::optional<WatchedOperation>>> watch(std::string id, std::uint64_t seen,
                                                           std::chrono::milliseconds patience);
  // The same for whatever belongs to a workspace (by id): its operations, resources, states. The
  // new revision; `seen` itself when `patience` ran out.
  net::Task<std::uint64_t> watch_workspace(fleet::WorkspaceId id, std::uint64_t seen,
                                           std::chrono::milliseconds patience);

 private:
  Context& context_;
};

}  // namespace ferry::control
