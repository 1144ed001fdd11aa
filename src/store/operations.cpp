// SPDX-License-Identifier: Apache-2.0
#include "store/operations.hpp"

#include "base/json.hpp"
#include "store/rows.hpp"

namespace ferry::store {
namespace {

constexpr Code kCodes[] = {
    Code::invalid_argument,  Code::unauthenticated,     Code::permission_denied,  Code::not_found,
    Code::conflict,          Code::precondition_failed, Code::resource_exhausted, Code::unavailable,
    Code::deadline_exceeded, Code::cancelled,           Code::unsupported,        Code::internal};

std::optional<std::string> write_error(const std::optional<Error>& error) {
  if (!error) return std::nullopt;
  json::array context(error->context.begin(), error->context.end());
  return json::serialize(json::object{{"code", ferry::to_string(error->code)},
                                      {"message", error->message},
                                      {"hint", error->hint},
                                      {"context", std::move(context)}});
}

std::optional<Error> read_error(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  auto object = parse_json_object(*text);
  if (!object) return Error{Code::internal, "the reason is damaged"};
  Error error{Code::internal, string_or(*object, "message", ""), string_or(*object, "hint", "")};
  const auto code = string_or(*object, "code", "");
  for (const Code candidate : kCodes) {
    if (ferry::to_string(candidate) == code) error.code = candidate;
  }
  if (const auto* context = find_array(*object, "context")) {
    for (const auto& step : *context) {
      if (step.is_string()) error.context.emplace_back(step.as_string());
    }
  }
  return error;
}

std::string write_names(const std::vector<std::string>& names) {
  return json::serialize(json::array(names.begin(), names.end()));
}

Result<std::vector<std::string>> read_names(const std::string& text) {
  auto value = parse_json(text);
  if (!value || !value->is_array()) return fail(Code::internal, "a step's record is damaged");
  std::vector<std::string> names;
  for (const auto& name : value->as_array()) {
    if (name.is_string()) names.emplace_back(name.as_string());
  }
  return names;
}

Result<Operation> read_operation(const sqlite::Row& row) {
  auto status = fleet::parse_run_state(row.text(7));
  if (!status) return fail(std::move(status).error());
  Operation operation;
  operation.id = fleet::OperationId(row.text(0));
  operation.organization = fleet::OrganizationId(row.text(1));
  operation.kind = row.text(2);
  operation.target = row.text(3);
  operation.subject = row.text(4);
  operation.lane = row.text(5);
  operation.input = row.text(6);
  operation.status = *status;
  operation.error = read_error(row.optional_text(8));
  operation.created_at = to_time(row, 9);
  operation.finished_at = to_optional_time(row, 10);
  operation.cancel_requested = row.number(11) != 0;
  return operation;
}

Result<OperationStep> read_step(const sqlite::Row& row) {
  auto status = fleet::parse_run_state(row.text(1));
  if (!status) return fail(std::move(status).error());
  auto depends_on = read_names(row.text(5));
  if (!depends_on) return fail(std::move(depends_on).error());
  OperationStep step;
  step.name = row.text(0);
  step.depends_on = *std::move(depends_on);
  step.status = *status;
  step.detail = row.text(2);
  step.started_at = to_optional_time(row, 3);
  step.finished_at = to_optional_time(row, 4);
  step.attempt = static_cast<int>(row.number(6));
  step.retry_at = to_optional_time(row, 7);
  return step;
}

}  // namespace

Result<void> Operations::insert(const Operation& operation) {
  auto inserted = database_.execute(
      "INSERT INTO operations(id, organization, kind, target, subject, lane, input, status, error, "
      "created_at, finished_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {operation.id.str(), operation.organization.str(), operation.kind, operation.target,
       operation.subject, operation.lane, operation.input, to_string(operation.status),
       write_error(operation.error), to_column(operation.created_at),
       to_column(operation.finished_at)});
  if (!inserted) return inserted;
  std::int64_t position = 0;
  for (const auto& step : operation.steps) {
    auto added = database_.execute(
        "INSERT INTO steps(operation, position, name, status, detail, started_at, finished_at, "
        "depends_on, attempt, retry_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {operation.id.str(), position, step.name, to_string(step.status), step.detail,
         to_column(step.started_at), to_column(step.finished_at), write_names(step.depends_on),
         step.attempt, to_column(step.retry_at)});
    if (!added) return added;
    ++position;
  }
  return {};
}

Result<void> Operations::update(const Operation& operation) {
  return database_.execute(
      "UPDATE operations SET status = ?, cancel_requested = ?, error = ?, finished_at = ? "
      "WHERE id = ?",
      {to_string(operation.status), operation.cancel_requested, write_error(operation.error),
       to_column(operation.finished_at), operation.id.str()});
}

Result<void> Operations::update_step(const Operation& operation, std::size_t position) {
  const auto& step = operation.steps[position];
  return database_.execute(
      "UPDATE steps SET status = ?, detail = ?, started_at = ?, finished_at = ?, attempt = ?, "
      "retry_at = ? WHERE operation = ? AND position = ?",
      {to_string(step.status), step.detail, to_column(step.started_at), to_column(step.finished_at),
       step.attempt, to_column(step.retry_at), operation.id.str(),
       static_cast<std::int64_t>(position)});
}

Result<std::vector<OperationStep>> Operations::steps(const std::string& operation) const {
  return read_all<OperationStep>(
      database_.query("SELECT name, status, detail, started_at, finished_at, depends_on, attempt, "
                      "retry_at FROM steps WHERE operation = ? ORDER BY position",
                      {operation}),
      read_step);
}

Result<std::vector<Operation>> Operations::with_steps(Result<std::vector<sqlite::Row>> rows) const {
  auto operations = read_all<Operation>(std::move(rows), read_operation);
  if (!operations) return operations;
  for (auto& operation : *operations) {
    auto found = steps(operation.id.str());
    if (!found) return fail(std::move(found).error());
    operation.steps = *std::move(found);
  }
  return operations;
}

Result<std::optional<Operation>> Operations::find(const fleet::OperationId& id) const {
  auto found = with_steps(database_.query(
      "SELECT id, organization, kind, target, subject, lane, input, status, error, created_at, "
      "finished_at, cancel_requested FROM operations WHERE id = ?",
      {id.str()}));
  if (!found) return fail(std::move(found).error());
  if (found->empty()) return std::optional<Operation>();
  return std::optional<Operation>(std::move(found->front()));
}

Result<std::vector<Operation>> Operations::newest(int limit) const {
  return with_steps(database_.query(
      "SELECT id, organization, kind, target, subject, lane, input, status, error, created_at, "
      "finished_at, cancel_requested FROM operations ORDER BY number DESC LIMIT ?",
      {limit}));
}

Result<std::vector<Operation>> Operations::unfinished() const {
  return with_steps(database_.query(
      "SELECT id, organization, kind, target, subject, lane, input, status, error, created_at, "
      "finished_at, cancel_requested FROM operations WHERE status IN ('pending', 'running') ORDER "
      "BY number"));
}

Result<std::optional<Operation>> Operations::find_newest(const std::string& subject) const {
  auto found = with_steps(database_.query(
      "SELECT id, organization, kind, target, subject, lane, input, status, error, created_at, "
      "finished_at, cancel_requested FROM operations WHERE subject = ? ORDER BY number DESC LIMIT "
      "1",
      {subject}));
  if (!found) return fail(std::move(found).error());
  if (found->empty()) return std::optional<Operation>();
  return std::optional<Operation>(std::move(found->front()));
}

}  // namespace ferry::store
