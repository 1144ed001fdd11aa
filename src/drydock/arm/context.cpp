// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/context.hpp"

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/routes.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {
constexpr auto kRemembered = std::chrono::hours(24);  // how long an ended operation can be polled
}

Context::Context(Store opened, const Endpoints& names, const Clock& time, Account owner,
                 std::chrono::milliseconds delay)
    : store(std::move(opened)),
      endpoints(names),
      clock(time),
      account(std::move(owner)),
      delay_(delay),
      next_due_(Timestamp::min()) {}  // operations of an earlier run are looked at once

void Context::on_completion(std::string type, Completion completion) {
  completions_[to_lower(type)] = std::move(completion);
}

bool Context::knows_principal(std::string_view object_id) const {
  return equals_ignore_case(object_id, account.object_id) ||
         (principal_check_ && principal_check_(object_id));
}

Outcome<std::string> Context::start(OperationKind kind, std::string_view target) {
  Operation operation;
  operation.id = base64url_encode(random_uuid());
  operation.kind = kind;
  operation.target = std::string(target);
  operation.due = clock.now() + delay_;
  if (fate_ && request_ != nullptr) operation.failure = fate_(*request_);
  auto added = store.add_operation(operation);
  if (!added) return fail(std::move(added).error());
  next_due_ = next_due_ ? std::min(*next_due_, operation.due) : operation.due;
  return operation.id;
}

Result<void> Context::settle() {
  if (!next_due_ || *next_due_ > clock.now()) return {};
  auto transaction = sqlite::Transaction::begin(store.database());
  if (!transaction) return fail(std::move(transaction).error());
  auto running = store.running_operations();
  if (!running) return fail(std::move(running).error());
  for (const Operation& operation : *running) {
    if (operation.due > clock.now()) break;
    auto finished = finish(operation);
    if (!finished) return finished;
  }
  auto forgotten = store.forget_operations(clock.now() - kRemembered);
  if (!forgotten) return forgotten;
  auto refreshed = refresh_next_due();
  if (!refreshed) return refreshed;
  return transaction->commit();
}

Result<void> Context::refresh_next_due() {
  auto running = store.running_operations();
  if (!running) return fail(std::move(running).error());
  next_due_ = running->empty() ? std::nullopt : std::optional(running->front().due);
  return {};
}

// The service gave up: what it was at stays as it is, and says so.
Result<void> Context::finish_failed(const Operation& operation) {
  if (operation.kind == OperationKind::remove_group) {
    auto group = store.find_group(operation.target);
    if (!group) return fail(std::move(group).error());
    if (*group) {
      (*group)->deleting = false;
      auto saved = store.save_group(**group);
      if (!saved) return saved;
    }
    return store.finish_operation(operation);
  }
  auto resource = store.find(operation.target);
  if (!resource) return fail(std::move(resource).error());
  if (*resource) {
    json::object* properties = (*resource)->document["properties"].if_object();
    FERRY_CHECK(properties != nullptr);
    (*properties)["provisioningState"] = "Failed";
    if (properties->contains("state")) {
      const bool live = bool_or((*resource)->hidden, "live", false);
      const bool removes = operation.kind == OperationKind::remove;
      (*properties)["state"] = live ? "Active" : removes ? "DeletionFailed" : "ActivationFailed";
    }
    auto saved = store.save(**resource);
    if (!saved) return saved;
  }
  return store.finish_operation(operation);
}

Result<void> Context::finish(const Operation& operation) {
  if (operation.failure) return finish_failed(operation);
  if (operation.kind == OperationKind::remove_group) {
    auto members = store.list("", operation.target);
    if (!members) return fail(std::move(members).error());
    for (const Resource& member : *members) {
      auto removed = remove(member);
      if (!removed) return removed;
    }
    // Locks, role assignments and whatever else hangs on the group itself.
    auto removed = store.remove(fmt::format("/subscriptions/{}/resourceGroups/{}",
                                            account.subscription_id, operation.target));
    if (removed) removed = store.remove_group(operation.target);
    if (!removed) return removed;
    return store.finish_operation(operation);
  }
  auto resource = store.find(operation.target);
  if (!resource) return fail(std::move(resource).error());
  if (*resource && operation.kind == OperationKind::remove) {
    auto removed = remove(**resource);
    if (!removed) return removed;
  } else if (*resource) {
    const auto completion = completions_.find(to_lower((*resource)->type));
    if (completion != completions_.end()) completion->second(**resource);
    auto saved = store.save(**resource);
    if (!saved) return saved;
  }
  return store.finish_operation(operation);
}

Result<void> Context::remove(const Resource& resource) {
  static const std::map<std::string, ResourceKind, std::less<>> kKinds = {
      {"microsoft.devices/iothubs", ResourceKind::iot_hub},
      {"microsoft.devices/provisioningservices", ResourceKind::provisioning_service},
      {"microsoft.storage/storageaccounts", ResourceKind::storage_account},
      {"microsoft.containerregistry/registries", ResourceKind::container_registry},
      {"microsoft.eventhub/namespaces", ResourceKind::event_hub_namespace},
      {"microsoft.eventhub/namespaces/eventhubs", ResourceKind::event_hub}};
  const auto kind = kKinds.find(to_lower(resource.type));
  // First the data planes: when the process dies in between, this runs again.
  if (kind != kKinds.end()) {
    std::string name = resource.name;
    if (kind->second == ResourceKind::event_hub) {
      name = fmt::format("{}/{}", resource.parent.substr(resource.parent.rfind('/') + 1), name);
    }
    for (ResourceObserver* observer : observers_) observer->on_deleted(kind->second, name);
  }
  return store.remove(resource.id);
}

std::string resource_id(const Context& context, std::string_view group, std::string_view type,
                        std::string_view name) {
  return fmt::format("/subscriptions/{}/resourceGroups/{}/providers/{}/{}",
                     context.account.subscription_id, group, type, name);
}

Outcome<ResourceGroup> require_group(Context& context, const Call& call) {
  const std::string& name = call.path.at("group");
  auto group = context.store.find_group(name);
  if (!group) return fail(std::move(group).error());
  if (*group) return **group;
  return refuse(arm_error(404, "ResourceGroupNotFound",
                          fmt::format("Resource group '{}' could not be found.", name)));
}

Outcome<Resource> require_resource(Context& context, const Call& call, std::string_view type) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  const std::string& name = call.path.at("name");
  auto resource = context.store.find(resource_id(context, group->name, type, name));
  if (!resource) return fail(std::move(resource).error());
  if (*resource) return **resource;
  return refuse(
      arm_error(404, "ResourceNotFound",
                fmt::format("The Resource '{}/{}' under resource group '{}' was not found. For "
                            "more details please go to https://aka.ms/ARMResourceNotFoundFix",
                            type, name, group->name)));
}

namespace {

Outcome<void> require_registration(Context& context, std::string_view type) {
  const std::string_view provider = type.substr(0, type.find('/'));
  auto state = registration_state(context, provider);
  if (!state) return fail(std::move(state).error());
  if (*state == "Registered") return {};
  const std::string message = fmt::format(
      "The subscription is not registered to use namespace '{}'. See "
      "https://aka.ms/rps-not-found for how to register subscriptions.",
      provider);
  constexpr std::string_view kCode = "MissingSubscriptionRegistration";
  HttpResponse refused = json_response(
      409,
      json::object{
          {"error", json::object{{"code", kCode},
                                 {"message", message},
                                 {"details", json::array{json::object{{"code", kCode},
                                                                      {"target", provider},
                                                                      {"message", message}}}}}}});
  refused.headers.set("x-ms-failure-cause", "gateway");
  return refuse(std::move(refused));
}

}  // namespace

Outcome<WriteTarget> prepare_write(Context& context, const Call& call, std::string_view type) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  if (group->deleting) {
    return refuse(arm_error(409, "ResourceGroupBeingDeleted",
                            fmt::format("The resource group '{}' is in deprovisioning state and "
                                        "cannot perform this operation.",
                                        group->name)));
  }
  auto registered = require_registration(context, type);
  if (!registered) return fail(std::move(registered).error());
  WriteTarget target;
  target.group = *group;
  const std::string& name = call.path.at("name");
  auto existing = context.store.find(resource_id(context, group->name, type, name));
  if (!existing) return fail(std::move(existing).error());
  target.existing = *std::move(existing);
  const auto wanted = optional_string(call.body, "location");
  if (!wanted || wanted->empty()) {
    return refuse(arm_error(400, "LocationRequired",
                            "The location property is required for this definition."));
  }
  const Location* location = find_location(*wanted);
  if (location == nullptr) {
    return refuse(arm_error(400, "LocationNotAvailableForResourceType",
                            fmt::format("The provided location '{}' is not available for resource "
                                        "type '{}'.",
                                        *wanted, type)));
  }
  target.location = std::string(location->name);
  const Location* present =
      target.existing ? find_location(string_or(target.existing->document, "location", ""))
                      : location;
  if (present != location) {
    return refuse(arm_error(
        409, "InvalidResourceLocation",
        fmt::format("The resource '{}' already exists in location '{}' in resource group '{}'. A "
                    "resource with the same name cannot be created in location '{}'.",
                    name, present == nullptr ? "" : present->name, group->name, *wanted)));
  }
  return target;
}

Outcome<void> refuse_while_running(Context& context, const Resource& resource) {
  auto running = context.store.running_operation(resource.id);
  if (!running) return fail(std::move(running).error());
  if (!*running) return {};
  return refuse(arm_error(409, "AnotherOperationInProgress",
                          fmt::format("Another operation is in progress on '{}'. Try again when it "
                                      "has ended.",
                                      resource.name)));
}

HttpResponse list_response(const Context& context, const Call& call,
                           const std::vector<Resource>& resources) {
  json::array values;
  for (const Resource& resource : resources) values.push_back(resource.document);
  return page_response(context, call, std::move(values));
}

void add_read_routes(Context& context, Routes& routes, std::string_view type) {
  const std::string kind(type);
  routes.add_resource("GET", type, "", [&context, kind](const Call& call) -> Answer {
    auto resource = require_resource(context, call, kind);
    if (!resource) return fail(std::move(resource).error());
    return json_response(200, resource->document);
  });
  routes.add("GET", fmt::format("{}/providers/{}", kGroup, type),
             [&context, kind](const Call& call) -> Answer {
               auto group = require_group(context, call);
               if (!group) return fail(std::move(group).error());
               auto members = context.store.list(kind, group->name);
               if (!members) return fail(std::move(members).error());
               return list_response(context, call, *members);
             });
  routes.add("GET", fmt::format("{}/providers/{}", kSubscription, type),
             [&context, kind](const Call& call) -> Answer {
               auto all = context.store.list(kind, "");
               if (!all) return fail(std::move(all).error());
               return list_response(context, call, *all);
             });
}

std::string polling_url(const Context& context, std::string_view path, const Call& call,
                        std::string_view more_query) {
  return fmt::format("{}/subscriptions/{}{}?api-version={}{}", context.endpoints.management_url(),
                     context.account.subscription_id, path, call.api_version, more_query);
}

void add_retry_after(const Context& context, HttpResponse& response) {
  response.headers.set("Retry-After", context.operations_take_time() ? "1" : "0");
}

const json::object& object_of(const json::object& object, std::string_view name) {
  static const json::object kEmpty;
  const json::object* member = find_object(object, name);
  return member == nullptr ? kEmpty : *member;
}

json::object system_data(const Context& context) {
  const std::string now = format_rfc3339(context.clock.now());
  const std::string& by = context.caller().object_id;
  return {{"createdBy", by},      {"createdByType", "Application"},      {"createdAt", now},
          {"lastModifiedBy", by}, {"lastModifiedByType", "Application"}, {"lastModifiedAt", now}};
}

}  // namespace drydock::arm
