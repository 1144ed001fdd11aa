// SPDX-License-Identifier: Apache-2.0
#include "control/operations.hpp"

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

}  // namespace ferry::control
