// SPDX-License-Identifier: Apache-2.0
#include "control/workflow/workflow.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace ferry::control {
namespace {

using fleet::RunState;
using std::chrono::milliseconds;

// After the last try: what people can do about it.
Error explain(Error error, const std::string& step) {
  if (error.hint.empty() && is_worth_another_try(error.code)) {
    error.hint = "see that the cloud can be reached, then do the same again";
  }
  return std::move(error).with("{}", step);
}

double random_fraction() {
  const std::string bytes = random_bytes(2);
  return (static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1])) /
         65536.0;
}

std::vector<NamedStep> named_steps(const Workflow& workflow) {
  std::vector<NamedStep> named;
  for (const auto& step : workflow.steps) {
    NamedStep one{step.name, step.after.value_or(std::vector<std::string>())};
    if (!step.after && !named.empty()) one.after = {named.back().name};
    named.push_back(std::move(one));
  }
  return named;
}

bool is_over(RunState state) {
  return state != RunState::pending && state != RunState::running;
}

}  // namespace

// An operation while this process works on it.
struct WorkflowEngine::Run {
  Run(store::Operation the_operation, net::Executor executor)
      : operation(std::move(the_operation)), changed(executor) {}

  store::Operation operation;
  Workflow workflow;
  std::vector<PlannedStep> plan;
  std::optional<Error> error;       // of the first step that failed
  Result<void> recording;           // whether everything could be written down
  std::optional<Timestamp> waking;  // when somebody looks again

  // A step ended, a retry is due, cancellation was asked for.
  void signal() {
    ++signals;
    changed.notify();
  }
  std::uint64_t signals = 0;
  net::Notifier changed;
};

void StepContext::detail(std::string text) {
  auto& step = operation_.steps[position_];
  if (step.detail == text) return;
  step.detail = std::move(text);
  auto stored = store_.operations.update_step(operation_, position_);
  if (!stored) log::warning("workflow", "{}", stored.error().describe());
  changes_.mark(operation_.id.str());
  changes_.mark(operation_.lane);
}

WorkflowEngine::WorkflowEngine(net::EventLoop& loop, const Clock& clock, store::Store& store,
                               EngineOptions options)
    : loop_(loop),
      clock_(clock),
      store_(store),
      options_(std::move(options)),
      changes_(loop.executor()) {
  if (!options_.sleep) options_.sleep = net::sleep_for;
  if (!options_.jitter) options_.jitter = random_fraction;
}

void WorkflowEngine::define(std::string kind, WorkflowBuilder builder) {
  builders_[std::move(kind)] = std::move(builder);
}

void WorkflowEngine::tell(const store::Operation& operation) {
  changes_.mark(operation.id.str());
  changes_.mark(operation.lane);
}

Result<Workflow> WorkflowEngine::build(const store::Operation& operation) const {
  const auto builder = builders_.find(operation.kind);
  if (builder == builders_.end()) {
    return fail(Code::internal, "nothing is known of operations '{}'", operation.kind);
  }
  return builder->second(operation);
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
  auto workflow = build(operation);
  if (!workflow) return fail(std::move(workflow).error());
  auto named = named_steps(*workflow);
  auto plan = plan_steps(named);
  if (!plan) return fail(std::move(plan).error().with("plan {}", operation.kind));
  for (auto& step : named) {
    operation.steps.push_back({.name = std::move(step.name), .depends_on = std::move(step.after)});
  }
  auto inserted = store_.operations.insert(operation);
  if (!inserted) return fail(std::move(inserted).error());
  return operation;
}

Result<store::Operation> WorkflowEngine::prepare_again(store::Operation operation) {
  operation.status = RunState::pending;
  operation.cancel_requested = false;
  operation.error.reset();
  operation.finished_at.reset();
  auto updated = store_.operations.update(operation);
  if (!updated) return fail(std::move(updated).error());
  for (std::size_t position = 0; position < operation.steps.size(); ++position) {
    auto& step = operation.steps[position];
    if (step.status == RunState::succeeded) continue;
    step = {.name = step.name, .depends_on = step.depends_on};
    auto reset = store_.operations.update_step(operation, position);
    if (!reset) return fail(std::move(reset).error());
  }
  return operation;
}

void WorkflowEngine::launch(const store::Operation& operation) {
  tell(operation);
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

Result<store::Operation> WorkflowEngine::cancel(const fleet::OperationId& id) {
  const auto running = runs_.find(id);
  auto found = store_.operations.find(id);
  if (!found) return fail(std::move(found).error());
  if (!*found) return fail(Code::not_found, "there is no operation '{}'", id);
  store::Operation operation =
      running == runs_.end() ? **std::move(found) : running->second->operation;
  if (is_over(operation.status)) {
    return fail(
        Code::conflict, "operation {} is over already: it has {}", id,
        operation.status == RunState::cancelled ? "been cancelled" : to_string(operation.status));
  }
  operation.cancel_requested = true;
  auto updated = store_.operations.update(operation);
  if (!updated) return fail(std::move(updated).error());
  if (running != runs_.end()) {
    running->second->operation.cancel_requested = true;
    if (options_.cancelling) options_.cancelling(operation);
    running->second->signal();
  }
  tell(operation);
  return operation;
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
  auto run = std::make_shared<Run>(**std::move(found), loop_.executor());
  runs_[id] = run;
  Result<void> outcome;
  auto built = build(run->operation);
  if (built) {
    run->workflow = *std::move(built);
    Result<void> ran = co_await run_steps(run);
    outcome = std::move(ran);
  } else {
    outcome = fail(std::move(built).error());
  }
  runs_.erase(id);
  auto finished = finish(*run, std::move(outcome));
  // Not recorded: the operation stays unfinished and the next process takes it up.
  if (!finished) {
    log::error("workflow", "{} {}: {}", run->operation.kind, id, finished.error().describe());
  }
  tell(run->operation);
}

net::Task<Result<void>> WorkflowEngine::run_steps(std::shared_ptr<Run> run) {
  auto& operation = run->operation;
  const auto named = named_steps(run->workflow);
  const auto same = [](const NamedStep& wanted, const store::OperationStep& recorded) {
    return wanted.name == recorded.name && wanted.after == recorded.depends_on;
  };
  if (!std::equal(named.begin(), named.end(), operation.steps.begin(), operation.steps.end(),
                  same)) {
    co_return fail(Error{Code::internal, "the operation was begun by another version of Ferry",
                         "do the same again: what is there is met and kept"});
  }
  auto plan = plan_steps(named);
  if (!plan) co_return fail(std::move(plan).error());
  run->plan = *std::move(plan);
  for (std::size_t i = 0; i < run->plan.size(); ++i) {
    // What ran when the last process ended begins again, and so does what failed in its last
    // moment.
    const auto& recorded = operation.steps[i];
    if (recorded.status == RunState::succeeded) run->plan[i].status = RunState::succeeded;
    run->plan[i].retry_at = recorded.retry_at;
  }
  operation.status = RunState::running;
  auto recorded = store_.operations.update(operation);
  if (!recorded) co_return recorded;
  tell(operation);
  while (true) {
    const auto seen = run->signals;
    const auto now = clock_.now();
    const auto decision = decide(run->plan, operation.cancel_requested || !run->recording, now);
    for (const auto position : decision.begin) {
      run->plan[position].status = RunState::running;
      run->plan[position].retry_at.reset();
      loop_.spawn(run_step(run, position));
    }
    if (decision.end) {
      if (!run->recording) co_return run->recording;
      if (*decision.end == RunState::succeeded) co_return Result<void>();
      if (run->error) co_return fail(*run->error);
      co_return fail(Error{Code::cancelled, "the operation was cancelled",
                           "do the same again to go on where it stopped"});
    }
    if (decision.wake && run->waking != decision.wake) {
      run->waking = decision.wake;
      loop_.spawn(wake_later(run, *decision.wake - now));
    }
    // A step may have ended at once.
    if (run->signals == seen) co_await run->changed.wait();
  }
}

net::Task<void> WorkflowEngine::wake_later(std::shared_ptr<Run> run, milliseconds delay) {
  co_await options_.sleep(delay);
  run->waking.reset();
  run->signal();
}

net::Task<void> WorkflowEngine::run_step(std::shared_ptr<Run> run, std::size_t position) {
  auto begun = begin_step(*run, position);
  Result<void> outcome;
  if (begun) {
    StepContext context(store_, changes_, run->operation, position);
    Result<void> tried = co_await run->workflow.steps[position].run(context);
    outcome = std::move(tried);
  } else {
    outcome = fail(std::move(begun).error());
  }
  end_step(*run, position, std::move(outcome));
  run->signal();
}

Result<void> WorkflowEngine::begin_step(Run& run, std::size_t position) {
  auto& record = run.operation.steps[position];
  // Being killed is no failure of the step: an attempt that was cut short does not count.
  if (record.status != RunState::running) ++record.attempt;
  record.status = RunState::running;
  record.retry_at.reset();
  if (!record.started_at) record.started_at = clock_.now();
  return record_step(run, position);
}

void WorkflowEngine::end_step(Run& run, std::size_t position, Result<void> outcome) {
  auto& record = run.operation.steps[position];
  const auto now = clock_.now();
  const auto verdict = judge(options_.retry, record.attempt, outcome, now, options_.jitter());
  record.status = verdict.status;
  record.retry_at = verdict.retry_at;
  if (is_over(verdict.status)) record.finished_at = now;
  if (!outcome) {
    record.detail = verdict.retry_at ? outcome.error().describe() : outcome.error().message;
    log::info("workflow", "{} {}: {}: {}", run.operation.kind, run.operation.target, record.name,
              outcome.error().describe());
  }
  run.plan[position].status = verdict.status;
  run.plan[position].retry_at = verdict.retry_at;
  if (verdict.status == RunState::failed && !run.error) {
    run.error = explain(std::move(outcome).error(), record.name);
  }
  auto recorded = record_step(run, position);
  if (!recorded) run.recording = std::move(recorded);
}

Result<void> WorkflowEngine::record_step(Run& run, std::size_t position) {
  tell(run.operation);
  return store_.operations.update_step(run.operation, position);
}

Result<void> WorkflowEngine::finish(Run& run, Result<void> outcome) {
  auto& operation = run.operation;
  auto transaction = store_.begin();
  if (!transaction) return fail(std::move(transaction).error());
  const bool cancelled = !outcome && outcome.error().code == Code::cancelled;
  operation.status = outcome     ? RunState::succeeded
                     : cancelled ? RunState::cancelled
                                 : RunState::failed;
  operation.finished_at = clock_.now();
  if (!outcome) {
    operation.error = outcome.error();
    log::warning("workflow", "{} {}: {}", operation.kind, operation.target,
                 outcome.error().describe());
  }
  Result<void> hooked;
  if (outcome && run.workflow.succeeded) hooked = run.workflow.succeeded();
  if (!outcome && run.workflow.failed) hooked = run.workflow.failed(outcome.error());
  if (!hooked) return hooked;
  auto updated = store_.operations.update(operation);
  if (!updated) return updated;
  return transaction->commit();
}

}  // namespace ferry::control
