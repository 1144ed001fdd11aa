// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/simulating.hpp"

#include "control/deployments/planning.hpp"
#include "control/lookup.hpp"
#include "control/nodes/reports.hpp"
#include "fleet/simulation.hpp"

namespace ferry::control {
namespace {

Result<fleet::Change> change_of_plan(const Context& context, const fleet::Workspace& workspace,
                                     const std::string& id) {
  auto record = context.store.plans.find(workspace.id, id);
  if (!record) return fail(std::move(record).error());
  if (!*record) {
    return fail(Error{Code::not_found, fmt::format("there is no plan '{}'", id),
                      "ferry plan list shows them"});
  }
  auto change = parse_json_object((*record)->change);
  if (!change) return fail(std::move(change).error().with("read plan {}", id));
  return fleet::change_from_json(*change);
}

Result<std::vector<fleet::Change>> read_changes(const Context& context,
                                                const fleet::Workspace& workspace,
                                                std::vector<Simulating::Tried> tried) {
  std::vector<fleet::Change> changes;
  for (auto& one : tried) {
    auto* given = std::get_if<fleet::Change>(&one);
    auto change = given ? Result<fleet::Change>(std::move(*given))
                        : change_of_plan(context, workspace, std::get<std::string>(one));
    if (!change) return fail(std::move(change).error());
    auto named = with_names(context, workspace, *std::move(change));
    if (!named) return fail(std::move(named).error());
    changes.push_back(*std::move(named));
  }
  return changes;
}

}  // namespace

net::Task<Result<std::vector<fleet::Plan>>> Simulating::run(fleet::OrganizationId organization,
                                                            std::string workspace_name,
                                                            std::vector<Tried> tried) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto changes = read_changes(context_, *workspace, std::move(tried));
  if (!changes) co_return fail(std::move(changes).error());
  const auto reports = co_await fresh_reports(context_, *workspace);
  auto fleet = load_fleet(context_, *workspace, fleet::all_of(*changes), *reports);
  if (!fleet) co_return fail(std::move(fleet).error());
  co_return fleet::simulate(*std::move(fleet), *changes);
}

}  // namespace ferry::control
