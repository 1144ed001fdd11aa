// SPDX-License-Identifier: Apache-2.0
// What the resource types share: store, running operations, observers, names.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "drydock/arm/answer.hpp"
#include "drydock/arm/store.hpp"
#include "drydock/container_keeper.hpp"
#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"

namespace drydock::arm {

struct Account {
  std::string subscription_id;
  std::string tenant_id;
  std::string object_id;  // of the application, for systemData
};

class Access;

// Who calls, as the token says.
struct Caller {
  std::string object_id;
  std::string application_id;
};

// Whether the directory has a principal of that object id.
using PrincipalCheck = std::function<bool(std::string_view object_id)>;

// Why the operation that `request` starts shall fail; nothing when it shall succeed.
using OperationFate = std::function<std::optional<OperationFailure>(const HttpRequest& request)>;

// What a resource type does when its operation ends; changes the resource in place.
using Completion = std::function<void(Resource&)>;

class Context {
 public:
  Context(Store store, const Endpoints& endpoints, const ferry::Clock& clock, Account account,
          std::chrono::milliseconds delay);

  Store store;
  const Endpoints& endpoints;
  const ferry::Clock& clock;
  const Account account;

  void observe(ResourceObserver& observer) { observers_.push_back(&observer); }
  void on_completion(std::string type, Completion completion);
  void decide_operations(OperationFate fate) { fate_ = std::move(fate); }
  void find_principals(PrincipalCheck check) { principal_check_ = std::move(check); }
  bool knows_principal(std::string_view object_id) const;
  // The request that is being carried out, borrowed; null when there is none.
  void set_current(const HttpRequest* request) { request_ = request; }
  void set_caller(Caller caller) { caller_ = std::move(caller); }
  const Caller& caller() const { return caller_; }

  // Notes that the change of `target` takes its time; returns the operation's id.
  Outcome<std::string> start(OperationKind kind, std::string_view target);
  HubGauge* hub_gauge = nullptr;          // null: nobody knows
  ContainerKeeper* containers = nullptr;  // null: Blob Storage is not there
  Access* access = nullptr;               // set once both are there
  std::size_t page_size = 100;            // of lists
  std::chrono::milliseconds operation_delay() const { return delay_; }
  bool operations_take_time() const { return delay_.count() > 0; }
  // Ends the operations whose time has come. Cheap when there is none.
  Result<void> settle();
  std::optional<ferry::Timestamp> next_due() const { return next_due_; }

  // Removes the resource and what belongs to it, telling the data planes first.
  Result<void> remove(const Resource& resource);

 private:
  Result<void> finish(const Operation& operation);
  Result<void> finish_failed(const Operation& operation);
  Result<void> refresh_next_due();

  std::chrono::milliseconds delay_;
  std::vector<ResourceObserver*> observers_;
  std::map<std::string, Completion> completions_;
  OperationFate fate_;
  const HttpRequest* request_ = nullptr;
  Caller caller_;
  PrincipalCheck principal_check_;
  std::optional<ferry::Timestamp> next_due_;
};

// Where a resource of `type` lies that `call` names: {group} and {name} of its route.
std::string resource_id(const Context& context, std::string_view group, std::string_view type,
                        std::string_view name);

// 404 in Resource Manager's words when the group or the resource is not there.
Outcome<ResourceGroup> require_group(Context& context, const Call& call);
Outcome<Resource> require_resource(Context& context, const Call& call, std::string_view type);
// "Registered", "Registering", "Unregistering" or "Unregistered".
Outcome<std::string> registration_state(Context& context, std::string_view provider);
// For a PUT: the group is there and stays, the provider is registered, the location is known and
// is that of the resource that exists, if any.
struct WriteTarget {
  ResourceGroup group;
  std::optional<Resource> existing;
  std::string location;  // normal form, "westeurope"
};
Outcome<WriteTarget> prepare_write(Context& context, const Call& call, std::string_view type);
// 409 while an operation on the resource is running.
Outcome<void> refuse_while_running(Context& context, const Resource& resource);

// A page of `values`: from where $skiptoken says, as many as $top or the page size allow, and
// "nextLink" when more follow.
HttpResponse page_response(const Context& context, const Call& call, json::array values);
HttpResponse list_response(const Context& context, const Call& call,
                           const std::vector<Resource>& resources);
// {"type", "principalId", "tenantId"} as the body asks for, with the principal of `before` when it
// has one; empty when the body asks for none.
json::object make_identity(const Context& context, const json::object& body,
                           const json::object& before);
// GET of one resource, of a group's and of the subscription's, for a top-level type.
class Routes;
void add_read_routes(Context& context, Routes& routes, std::string_view type);

// Absolute URL below the management host, for headers that clients poll.
std::string polling_url(const Context& context, std::string_view path, const Call& call,
                        std::string_view more_query = "");
void add_retry_after(const Context& context, HttpResponse& response);

// {"a": ...} of `call`'s body, or an empty object.
const json::object& object_of(const json::object& object, std::string_view name);
// systemData of a new resource.
json::object system_data(const Context& context);

}  // namespace drydock::arm
