// SPDX-License-Identifier: Apache-2.0
#include "control/workflow/operations.hpp"

#include <algorithm>

#include "control/lookup.hpp"

namespace ferry::control {

Result<OperationView> Operations::get(const std::string& id) const {
  auto operation = context_.store.operations.find(fleet::OperationId(id));
  if (!operation) return fail(std::move(operation).error());
  if (!*operation) return fail(Code::not_found, "there is no operation '{}'", id);
  return to_view(**operation);
}

Result<std::vector<OperationView>> Operations::newest(int limit) const {
  auto operations = context_.store.operations.newest(limit);
  if (!operations) return fail(std::move(operations).error());
  std::vector<OperationView> views;
  for (const auto& operation : *operations) views.push_back(to_view(operation));
  return views;
}

Result<std::optional<OperationView>> Operations::newest_about(const std::string& subject) const {
  auto operation = context_.store.operations.find_newest(subject);
  if (!operation) return fail(std::move(operation).error());
  if (!*operation) return std::optional<OperationView>();
  return std::optional<OperationView>(to_view(**operation));
}

Result<OperationView> Operations::cancel(const std::string& id) {
  auto operation = context_.engine.cancel(fleet::OperationId(id));
  if (!operation) return fail(std::move(operation).error());
  return to_view(*operation);
}

net::Task<Result<std::optional<WatchedOperation>>> Operations::watch(
    std::string id, std::uint64_t seen, std::chrono::milliseconds patience) {
  auto& changes = context_.engine.changes();
  // 0 is before the first look, so what this process has never changed is 1.
  if (seen != 0) {
    const bool changed = co_await changes.wait(id, seen - 1, patience);
    if (!changed) co_return std::optional<WatchedOperation>();
  }
  const auto revision = changes.revision(id) + 1;
  auto view = get(id);
  if (!view) co_return fail(std::move(view).error());
  co_return WatchedOperation{*std::move(view), revision};
}

net::Task<std::uint64_t> Operations::watch_workspace(fleet::WorkspaceId id, std::uint64_t seen,
                                                     std::chrono::milliseconds patience) {
  auto& changes = context_.engine.changes();
  co_await changes.wait(id.str(), seen, patience);
  co_return changes.revision(id.str());
}

}  // namespace ferry::control
