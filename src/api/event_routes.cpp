// SPDX-License-Identifier: Apache-2.0
#include "api/caller.hpp"
#include "api/errors.hpp"
#include "api/events.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

bool has_ended(const control::OperationView& operation) {
  return operation.status == fleet::RunState::succeeded ||
         operation.status == fleet::RunState::failed;
}

// The first snapshot is taken before the head is sent, so that a wrong name is a plain 404.
Answer stream(control::Control& control, const Call& call, std::function<Result<Snapshot>()> take) {
  if (auto first = take(); !first) return fail(std::move(first).error());
  const auto still_allowed = [&control, request = call.request]() -> Result<void> {
    auto caller = caller_of(control, request);
    if (!caller) return fail(std::move(caller).error());
    return {};
  };
  return event_stream({std::move(take), still_allowed});
}

Answer operation_events(control::Control& control, const Call& call) {
  return stream(control, call, [&control, id = call.at("operation")]() -> Result<Snapshot> {
    auto operation = control.operations.get(id);
    if (!operation) return fail(std::move(operation).error());
    Snapshot snapshot;
    snapshot.states.push_back({"operation", to_json(*operation)});
    snapshot.last = has_ended(*operation);
    return snapshot;
  });
}

Answer workspace_events(control::Control& control, const Call& call) {
  const auto take = [&control, organization = call.organization(),
                     name = call.at("workspace")]() -> Result<Snapshot> {
    auto workspace = control.workspaces.get(organization, name);
    if (!workspace) return fail(std::move(workspace).error());
    auto resources = control.workspaces.resources(organization, name);
    if (!resources) return fail(std::move(resources).error());
    auto operation = control.operations.newest_about(workspace->id.str());
    if (!operation) return fail(std::move(operation).error());
    Snapshot snapshot;
    snapshot.states.push_back({"workspace", to_json(*workspace)});
    snapshot.states.push_back({"resources", collection(*resources)});
    if (*operation) snapshot.states.push_back({"operation", to_json(**operation)});
    return snapshot;
  };
  return stream(control, call, take);
}

}  // namespace

void add_event_routes(Routes& routes) {
  using fleet::Role;
  routes.add("GET", "/operations/{operation}/events", Role::viewer, operation_events);
  routes.add("GET", "/workspaces/{workspace}/events", Role::viewer, workspace_events);
}

}  // namespace ferry::api
