// SPDX-License-Identifier: Apache-2.0
#include "control/workflow.hpp"

#include "base/log.hpp"

namespace ferry::control {
namespace {

bool is_worth_another_try(Code code) {
  return code == Code::unavailable || code == Code::deadline_exceeded ||
         code == Code::resource_exhausted;
}

// After the last try: what people can do about it.
Error explain(Error error, const std::string& step) {
  if (error.hint.empty() && is_worth_another_try(error.code)) {
    error.hint = "see that the cloud can be reached, then do the same again";
  }
  return std::move(error).with("{}", step);
}

}  // namespace

void StepContext::detail(std::string text) {
  operation_.steps[position_].detail = std::move(text);
  auto stored = store_.operations.update_step(operation_, position_);
  if (!stored) log::warning("workflow", "{}", stored.error().describe());
}

WorkflowEngine::WorkflowEngine(net::EventLoop& loop, const Clock& clock, store::Store& store,
                               EngineOptions options)
    : loop_(loop), clock_(clock), store_(store), options_(options) {}

void WorkflowEngine::define(std::string kind, WorkflowBuilder builder) {
  builders_[std::move(kind)] = std::move(builder);
}

Result<store::Operation> WorkflowEngine::prepare(NewOperation request) {
  store::Operation operation;
  operation.id = fleet::OperationId(random_id("op"));
  operation.organization = std::move(request.organization);
  operation.kind = std::move(request.kind);
  operation.target = std::move(request.target);
  operation.subject = std::move(request.subject);
  operation.lane = std::move(request.lane);
  operation.input = json::serialize(request.input);
  operation.created_at = clock_.now();
  const auto builder = builders_.find(operation.kind);
  FERRY_CHECK(builder != builders_.end());
  auto workflow = builder->second(operation);
  if (!workflow) return fail(std::move(workflow).error());
  for (const auto& step : workflow->steps) operation.steps.push_back({.name = step.name});
  auto inserted = store_.operations.insert(operation);
  if (!inserted) return fail(std::move(inserted).error());
  return operation;
}

Result<store::Operation> WorkflowEngine::prepare_again(store::Operation operation) {
  operation.status = fleet::RunState::pending;
  operation.error.reset();
  operation.finished_at.reset();
  auto updated = store_.operations.update(operation);
  if (!updated) return fail(std::move(updated).error());
  for (std::size_t position = 0; position < operation.steps.size(); ++position) {
    auto& step = operation.steps[position];
    if (step.status == fleet::RunState::succeeded) continue;
    step = {.name = step.name};
    auto reset = store_.operations.update_step(operation, position);
    if (!reset) return fail(std::move(reset).error());
  }
  return operation;
}

void WorkflowEngine::launch(const store::Operation& operation) {
  auto& lane = lanes_[operation.lane];
  lane.push_back(operation.id);
  if (lane.size() == 1) loop_.spawn(run_lane(operation.lane));
}

Result<void> WorkflowEngine::resume() {
  auto operations = store_.operations.unfinished();
  if (!operations) return fail(std::move(operations).error().with("resume operations"));
  for (const auto& operation : *operations) {
    log::info("workflow", "going on with {} {} ({})", operation.kind, operation.target,
              operation.id);
    launch(operation);
  }
  return {};
}

net::Task<void> WorkflowEngine::run_lane(std::string lane) {
  while (!lanes_[lane].empty()) {
    co_await run_operation(lanes_[lane].front());
    lanes_[lane].pop_front();
  }
  lanes_.erase(lane);
}

net::Task<void> WorkflowEngine::run_operation(fleet::OperationId id) {
  auto found = store_.operations.find(id);
  if (!found || !*found) {
    log::error("workflow", "cannot read operation {}", id);
    co_return;
  }
  store::Operation operation = **std::move(found);
  const auto builder = builders_.find(operation.kind);
  Workflow workflow;
  Result<void> outcome;
  if (builder == builders_.end()) {
    outcome = fail(Code::internal, "nothing is known of operations '{}'", operation.kind);
  } else {
    auto built = builder->second(operation);
    if (built) {
      workflow = *std::move(built);
    } else {
      outcome = fail(std::move(built).error());
    }
  }
  if (outcome) {
    Result<void> ran = co_await run_steps(operation, workflow);
    outcome = std::move(ran);
  }
  auto finished = finish(operation, workflow, std::move(outcome));
  // Not recorded: the operation stays unfinished and the next process takes it up.
  if (!finished)
    log::error("workflow", "{} {}: {}", operation.kind, id, finished.error().describe());
}

net::Task<Result<void>> WorkflowEngine::run_steps(store::Operation& operation, Workflow& workflow) {
  if (workflow.steps.size() != operation.steps.size()) {
    co_return fail(Code::internal, "the operation was begun by another version of Ferry");
  }
  operation.status = fleet::RunState::running;
  auto running = store_.operations.update(operation);
  if (!running) co_return running;
  for (std::size_t position = 0; position < workflow.steps.size(); ++position) {
    if (operation.steps[position].status == fleet::RunState::succeeded) continue;
    Result<void> done = co_await run_step(operation, position, workflow.steps[position]);
    if (!done) co_return done;
  }
  co_return Result<void>();
}

net::Task<Result<void>> WorkflowEngine::run_step(store::Operation& operation, std::size_t position,
                                                 Step& step) {
  auto& record = operation.steps[position];
  record.status = fleet::RunState::running;
  record.started_at = clock_.now();
  auto begun = store_.operations.update_step(operation, position);
  if (!begun) co_return begun;

  StepContext context(store_, operation, position);
  Result<void> done;
  auto delay = options_.first_delay;
  for (int attempt = 1;; ++attempt) {
    Result<void> tried = co_await step.run(context);
    done = std::move(tried);
    if (done || !is_worth_another_try(done.error().code) || attempt == options_.attempts) break;
    context.detail(fmt::format("{}; trying again ({} of {})", done.error().describe(), attempt + 1,
                               options_.attempts));
    co_await net::sleep_for(delay);
    delay *= 2;
  }
  record.status = done ? fleet::RunState::succeeded : fleet::RunState::failed;
  record.finished_at = clock_.now();
  if (!done) record.detail = done.error().message;
  auto recorded = store_.operations.update_step(operation, position);
  if (!recorded) co_return recorded;
  if (!done) co_return fail(explain(std::move(done).error(), step.name));
  co_return Result<void>();
}

Result<void> WorkflowEngine::finish(store::Operation& operation, const Workflow& workflow,
                                    Result<void> outcome) {
  auto transaction = store_.begin();
  if (!transaction) return fail(std::move(transaction).error());
  operation.status = outcome ? fleet::RunState::succeeded : fleet::RunState::failed;
  operation.finished_at = clock_.now();
  if (!outcome) {
    operation.error = outcome.error();
    log::warning("workflow", "{} {} failed: {}", operation.kind, operation.target,
                 outcome.error().describe());
  }
  Result<void> hooked;
  if (outcome && workflow.succeeded) hooked = workflow.succeeded();
  if (!outcome && workflow.failed) hooked = workflow.failed(outcome.error());
  if (!hooked) return hooked;
  auto updated = store_.operations.update(operation);
  if (!updated) return updated;
  return transaction->commit();
}

}  // namespace ferry::control
