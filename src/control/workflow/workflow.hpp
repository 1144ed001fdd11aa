// SPDX-License-Identifier: Apache-2.0
// A small durable engine: an operation is a persisted graph of named steps. A step begins when the
// steps it comes after have succeeded, and independent steps run at the same time. Each step is
// idempotent; its beginning is recorded before it runs and its end before anything that comes after
// it begins. Whatever kills the process between two steps, or in the middle of one, loses nothing:
// the next process begins again with the steps that are not recorded as done. What may begin and
// what is tried again when is decided in step_plan.hpp.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "control/changes.hpp"
#include "control/workflow/step_plan.hpp"
#include "net/task.hpp"
#include "store/store.hpp"

namespace ferry::control {

// What a running step sees of its operation.
class StepContext {
 public:
  StepContext(store::Store& store, Changes& changes, store::Operation& operation,
              std::size_t position)
      : store_(store), changes_(changes), operation_(operation), position_(position) {}
  const store::Operation& operation() const { return operation_; }
  // Shown to people while the step runs, and kept.
  void detail(std::string text);
  // For steps that wait for people or devices: they should give up when asked to.
  bool cancel_requested() const { return operation_.cancel_requested; }

 private:
  store::Store& store_;
  Changes& changes_;
  store::Operation& operation_;
  std::size_t position_;
};

// `after`: names of the steps that must have succeeded before; when not given, the step before it
// in the list. Names are unique in their workflow.
struct Step {
  std::string name;
  std::function<net::Task<Result<void>>(StepContext&)> run;
  std::optional<std::vector<std::string>> after = {};
};

// `succeeded` and `failed` run in the transaction that records the operation's end; neither waits.
// An operation that was cancelled has failed with Code::cancelled.
struct Workflow {
  std::vector<Step> steps;
  std::function<Result<void>()> succeeded;
  std::function<Result<void>(const Error&)> failed;
};

// Builds the workflow from subject and input alone: the same operation gives the same steps in
// every process.
using WorkflowBuilder = std::function<Result<Workflow>(const store::Operation&)>;

struct NewOperation {
  fleet::OrganizationId organization;
  std::string kind;
  std::string target;
  std::string subject;
  std::string lane;
  json::object input = {};
};

// Time and chance, replaceable in tests. The real ones when empty.
struct EngineOptions {
  RetryPolicy retry = {};
  std::function<net::Task<void>(std::chrono::milliseconds)> sleep = {};
  std::function<double()> jitter = {};  // in [0, 1)
  // Called when an operation that runs is to be cancelled: for what its steps wait for.
  std::function<void(const store::Operation&)> cancelling = {};
};

// Runs on one loop. The loop must not run any more when the engine is gone.
class WorkflowEngine {
 public:
  WorkflowEngine(net::EventLoop& loop, const Clock& clock, store::Store& store,
                 EngineOptions options = {});

  void define(std::string kind, WorkflowBuilder builder);
  // Records a new operation; call it in the transaction that records what the operation is about.
  Result<store::Operation> prepare(NewOperation request);
  // Makes an operation that failed or was cancelled pending again, with the steps that are done
  // staying done. As prepare().
  Result<store::Operation> prepare_again(store::Operation operation);
  // After the commit. Operations of one lane run one after another.
  void launch(const store::Operation& operation);
  // Launches everything unfinished; once, at start.
  Result<void> resume();
  // No further step begins and nothing is tried again; a request that is under way is waited for,
  // one that waits for its turn is not sent any more. Code::conflict when the operation has ended.
  Result<store::Operation> cancel(const fleet::OperationId& id);
  // Marked for each change of an operation, under its id and its lane.
  Changes& changes() { return changes_; }

 private:
  struct Run;
  net::Task<void> run_lane(std::string lane);
  net::Task<void> run_operation(fleet::OperationId id);
  net::Task<Result<void>> run_steps(std::shared_ptr<Run> run);
  net::Task<void> run_step(std::shared_ptr<Run> run, std::size_t position);
  net::Task<void> wake_later(std::shared_ptr<Run> run, std::chrono::milliseconds delay);
  Result<void> begin_step(Run& run, std::size_t position);
  void end_step(Run& run, std::size_t position, Result<void> outcome);
  Result<void> record_step(Run& run, std::size_t position);
  Result<void> finish(Run& run, Result<void> outcome);
  Result<Workflow> build(const store::Operation& operation) const;
  void tell(const store::Operation& operation);

  net::EventLoop& loop_;
  const Clock& clock_;
  store::Store& store_;
  EngineOptions options_;
  Changes changes_;
  std::map<std::string, WorkflowBuilder, std::less<>> builders_;
  std::map<std::string, std::deque<fleet::OperationId>> lanes_;
  std::map<fleet::OperationId, std::shared_ptr<Run>> runs_;
};

}  // namespace ferry::control
