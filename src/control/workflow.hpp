// SPDX-License-Identifier: Apache-2.0
// A small durable engine: an operation is a persisted list of named steps. Each step is idempotent;
// its end is recorded before the next one begins. Whatever kills the process between two steps, or
// in the middle of one, loses nothing: the next process begins again with the first step that is
// not recorded as done.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "net/task.hpp"
#include "store/store.hpp"

namespace ferry::control {

// What a running step sees of its operation.
class StepContext {
 public:
  StepContext(store::Store& store, store::Operation& operation, std::size_t position)
      : store_(store), operation_(operation), position_(position) {}
  const store::Operation& operation() const { return operation_; }
  // Shown to people while the step runs, and kept.
  void detail(std::string text);

 private:
  store::Store& store_;
  store::Operation& operation_;
  std::size_t position_;
};

struct Step {
  std::string name;
  std::function<net::Task<Result<void>>(StepContext&)> run;
};

// `succeeded` and `failed` run in the transaction that records the operation's end; neither waits.
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

// A step that fails with Code::unavailable, deadline_exceeded or resource_exhausted is tried again.
struct EngineOptions {
  int attempts = 3;                             // in all
  std::chrono::milliseconds first_delay{1000};  // doubles
};

// Runs on one loop. The loop must not run any more when the engine is gone.
class WorkflowEngine {
 public:
  WorkflowEngine(net::EventLoop& loop, const Clock& clock, store::Store& store,
                 EngineOptions options = {});

  void define(std::string kind, WorkflowBuilder builder);
  // Records a new operation; call it in the transaction that records what the operation is about.
  Result<store::Operation> prepare(NewOperation request);
  // Makes a failed operation pending again, with the steps that are done staying done. As
  // prepare().
  Result<store::Operation> prepare_again(store::Operation operation);
  // After the commit. Operations of one lane run one after another.
  void launch(const store::Operation& operation);
  // Launches everything unfinished; once, at start.
  Result<void> resume();

 private:
  net::Task<void> run_lane(std::string lane);
  net::Task<void> run_operation(fleet::OperationId id);
  net::Task<Result<void>> run_steps(store::Operation& operation, Workflow& workflow);
  net::Task<Result<void>> run_step(store::Operation& operation, std::size_t position, Step& step);
  Result<void> finish(store::Operation& operation, const Workflow& workflow, Result<void> outcome);

  net::EventLoop& loop_;
  const Clock& clock_;
  store::Store& store_;
  EngineOptions options_;
  std::map<std::string, WorkflowBuilder, std::less<>> builders_;
  std::map<std::string, std::deque<fleet::OperationId>> lanes_;
};

}  // namespace ferry::control
