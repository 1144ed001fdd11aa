// SPDX-License-Identifier: Apache-2.0
#include "api/caller.hpp"
#include "api/errors.hpp"
#include "api/events.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

using std::chrono::milliseconds;

bool has_ended(const control::OperationView& operation) {
  return operation.status != fleet::RunState::pending &&
         operation.status != fleet::RunState::running;
}

net::Task<void> wait_for_operation(control::Control& control, std::string id,
                                   std::shared_ptr<std::uint64_t> seen, milliseconds patience) {
  auto watched = co_await control.operations.watch(std::move(id), *seen, patience);
  if (watched && *watched) *seen = (*watched)->revision;
}

net::Task<void> wait_for_workspace(control::Control& control, fleet::WorkspaceId id,
                                   std::shared_ptr<std::uint64_t> seen, milliseconds patience) {
  *seen = co_await control.operations.watch_workspace(std::move(id), *seen, patience);
}

Result<Snapshot> operation_snapshot(control::Control& control, const std::string& id) {
  auto operation = control.operations.get(id);
  if (!operation) return fail(std::move(operation).error());
  Snapshot snapshot;
  snapshot.states.push_back({"operation", to_json(*operation)});
  snapshot.last = has_ended(*operation);
  return snapshot;
}

Result<Snapshot> workspace_snapshot(control::Control& control,
                                    const fleet::OrganizationId& organization,
                                    const fleet::WorkspaceId& id) {
  auto workspace = control.workspaces.get(organization, id.str());
  if (!workspace) return fail(std::move(workspace).error());
  auto resources = control.workspaces.resources(organization, id.str());
  if (!resources) return fail(std::move(resources).error());
  auto operation = control.operations.newest_about(id.str());
  if (!operation) return fail(std::move(operation).error());
  Snapshot snapshot;
  snapshot.states.push_back({"workspace", to_json(*workspace)});
  snapshot.states.push_back({"resources", collection(*resources)});
  if (*operation) snapshot.states.push_back({"operation", to_json(**operation)});
  return snapshot;
}

std::function<Result<void>()> still_allowed(control::Control& control, const Call& call) {
  return [&control, request = call.request]() -> Result<void> {
    auto caller = caller_of(control, request);
    if (!caller) return fail(std::move(caller).error());
    return {};
  };
}

// A wrong name is a plain 404, told before the head is sent.
Answer operation_events(control::Control& control, const Call& call) {
  const auto& id = call.at("operation");
  if (auto first = operation_snapshot(control, id); !first) return fail(std::move(first).error());
  const auto seen = std::make_shared<std::uint64_t>(0);
  return event_stream({[&control, id] { return operation_snapshot(control, id); },
                       [&control, id, seen](milliseconds patience) {
                         return wait_for_operation(control, id, seen, patience);
                       },
                       still_allowed(control, call)});
}

Answer workspace_events(control::Control& control, const Call& call) {
  auto workspace = control.workspaces.get(call.organization(), call.at("workspace"));
  if (!workspace) return fail(std::move(workspace).error());
  const auto id = workspace->id;
  const auto seen = std::make_shared<std::uint64_t>(0);
  return event_stream({[&control, organization = call.organization(), id] {
                         return workspace_snapshot(control, organization, id);
                       },
                       [&control, id, seen](milliseconds patience) {
                         return wait_for_workspace(control, id, seen, patience);
                       },
                       still_allowed(control, call)});
}

}  // namespace

void add_event_routes(Routes& routes) {
  using fleet::Role;
  routes.add("GET", "/operations/{operation}/events", Role::viewer, operation_events);
  routes.add("GET", "/workspaces/{workspace}/events", Role::viewer, workspace_events);
}

}  // namespace ferry::api
