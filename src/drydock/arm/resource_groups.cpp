// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

json::object document(const Context& context, const ResourceGroup& group) {
  json::object result{{"id", fmt::format("/subscriptions/{}/resourceGroups/{}",
                                         context.account.subscription_id, group.name)},
                      {"name", group.name},
                      {"type", "Microsoft.Resources/resourceGroups"},
                      {"location", group.location}};
  if (!group.tags.empty()) result["tags"] = group.tags;
  if (!group.managed_by.empty()) result["managedBy"] = group.managed_by;
  result["properties"] =
      json::object{{"provisioningState", group.deleting ? "Deleting" : "Succeeded"}};
  return result;
}

// 1 to 90 word characters, '-', '.', '(' and ')', without a period at the end. Letters beyond ASCII
// are allowed by Azure and let through here.
bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > 90 || name.ends_with('.')) return false;
  return std::ranges::all_of(name, [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code >= 0x80 || std::isalnum(code) != 0 ||
           std::string_view("-_.()").find(c) != std::string_view::npos;
  });
}

HttpResponse being_deleted(const ResourceGroup& group) {
  return arm_error(409, "ResourceGroupBeingDeleted",
                   fmt::format("The resource group '{}' is in deprovisioning state and cannot "
                               "perform this operation.",
                               group.name));
}

Answer put(Context& context, const Call& call) {
  const std::string& name = call.path.at("group");
  if (!valid_name(name)) {
    return refuse(arm_error(400, "InvalidResourceGroup",
                            fmt::format("The resource group name '{}' is invalid.", name)));
  }
  const auto wanted = optional_string(call.body, "location");
  const Location* location = wanted ? find_location(*wanted) : nullptr;
  if (!wanted) {
    return refuse(arm_error(400, "LocationRequired",
                            "The location property is required for this definition."));
  }
  if (location == nullptr) {
    return refuse(arm_error(400, "LocationNotAvailableForResourceGroup",
                            fmt::format("The provided location '{}' is not available for resource "
                                        "group.",
                                        *wanted)));
  }
  auto found = context.store.find_group(name);
  if (!found) return fail(std::move(found).error());
  const bool exists = found->has_value();
  if (exists && (*found)->deleting) return refuse(being_deleted(**found));
  if (exists && (*found)->location != location->name) {
    return refuse(arm_error(409, "InvalidResourceGroupLocation",
                            fmt::format("Invalid resource group location '{}'. The Resource group "
                                        "already exists in location '{}'.",
                                        *wanted, (*found)->location)));
  }
  ResourceGroup group;
  group.name = exists ? (*found)->name : name;
  group.location = std::string(location->name);
  group.tags = object_of(call.body, "tags");
  group.managed_by = string_or(call.body, "managedBy", "");
  auto saved = context.store.save_group(group);
  if (!saved) return fail(std::move(saved).error());
  return json_response(exists ? 200 : 201, document(context, group));
}

Answer patch(Context& context, const Call& call) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  if (group->deleting) return refuse(being_deleted(*group));
  if (call.body.contains("tags")) group->tags = object_of(call.body, "tags");
  auto saved = context.store.save_group(*group);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, document(context, *group));
}

Answer remove(Context& context, const Call& call) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  std::string operation;
  if (group->deleting) {
    auto running = context.store.running_operation(group->name);
    if (!running) return fail(std::move(running).error());
    if (*running) operation = (*running)->id;
  } else {
    group->deleting = true;
    auto saved = context.store.save_group(*group);
    if (!saved) return fail(std::move(saved).error());
    auto started = context.start(OperationKind::remove_group, group->name);
    if (!started) return fail(std::move(started).error());
    operation = *started;
  }
  HttpResponse response = empty_response(202);
  response.headers.set("Location", polling_url(context, "/operationresults/" + operation, call));
  add_retry_after(context, response);
  return response;
}

// $filter=tagName eq 'a' and tagValue eq 'b'
bool matches(const ResourceGroup& group, const std::string& filter) {
  if (filter.empty()) return true;
  const std::vector<std::string> parts = split(filter, '\'');
  if (parts.size() < 2) return false;
  const auto tag = group.tags.find(parts[1]);
  if (tag == group.tags.end()) return false;
  return parts.size() < 4 || (tag->value().is_string() && tag->value().get_string() == parts[3]);
}

Answer list(Context& context, const Call& call) {
  auto groups = context.store.list_groups();
  if (!groups) return fail(std::move(groups).error());
  const std::string filter = call.request.query_value("$filter").value_or("");
  json::array values;
  for (const ResourceGroup& group : *groups) {
    if (matches(group, filter)) values.push_back(document(context, group));
  }
  return page_response(context, call, std::move(values));
}

}  // namespace

void add_resource_group_routes(Context& context, Routes& routes) {
  routes.add("PUT", kGroup, [&context](const Call& call) { return put(context, call); });
  routes.add("PATCH", kGroup, [&context](const Call& call) { return patch(context, call); });
  routes.add("DELETE", kGroup, [&context](const Call& call) { return remove(context, call); });
  routes.add("GET", kGroup, [&context](const Call& call) -> Answer {
    auto group = require_group(context, call);
    if (!group) return fail(std::move(group).error());
    return json_response(200, document(context, *group));
  });
  routes.add("HEAD", kGroup, [&context](const Call& call) -> Answer {
    auto group = require_group(context, call);
    return empty_response(group ? 204 : 404);
  });
  routes.add("GET", fmt::format("{}/resourceGroups", kSubscription),
             [&context](const Call& call) { return list(context, call); });
}

}  // namespace drydock::arm
