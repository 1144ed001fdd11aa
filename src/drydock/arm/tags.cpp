// SPDX-License-Identifier: Apache-2.0
// Microsoft.Resources/tags/default: the tags of the subscription, of a group or of a resource,
// merged, replaced or deleted without knowing what else it has.
#include "base/encoding.hpp"
#include "drydock/arm/extension_scope.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

constexpr std::size_t kMostTags = 50;
constexpr std::string_view kSubscriptionTags = "subscription_tags";

// Reads and writes the tags of whatever the scope is.
struct Tagged {
  std::string scope;
  json::object tags;
  std::optional<ResourceGroup> group;
  std::optional<Resource> resource;
};

Outcome<Tagged> load(Context& context, const Call& call) {
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  Tagged tagged;
  tagged.scope = *std::move(scope);
  auto resource = context.store.find(tagged.scope);
  if (!resource) return fail(std::move(resource).error());
  if (*resource) {
    tagged.tags = object_of((*resource)->document, "tags");
    tagged.resource = *std::move(resource);
    return tagged;
  }
  const std::string prefix =
      fmt::format("/subscriptions/{}/resourceGroups/", context.account.subscription_id);
  if (tagged.scope.starts_with(prefix)) {
    auto group = context.store.find_group(tagged.scope.substr(prefix.size()));
    if (!group) return fail(std::move(group).error());
    if (*group) tagged.tags = (*group)->tags;
    tagged.group = *std::move(group);
    return tagged;
  }
  auto stored = context.store.setting(kSubscriptionTags);
  if (!stored) return fail(std::move(stored).error());
  auto tags = parse_json_object(stored->value_or("{}"));
  if (tags) tagged.tags = *std::move(tags);
  return tagged;
}

Outcome<void> save(Context& context, Tagged& tagged) {
  Result<void> saved;
  if (tagged.resource) {
    tagged.resource->document["tags"] = tagged.tags;
    saved = context.store.save(*tagged.resource);
  } else if (tagged.group) {
    tagged.group->tags = tagged.tags;
    saved = context.store.save_group(*tagged.group);
  } else {
    saved = context.store.set_setting(kSubscriptionTags, json::serialize(tagged.tags));
  }
  if (!saved) return fail(std::move(saved).error());
  return {};
}

HttpResponse answer_with(const Tagged& tagged) {
  return json_response(
      200, json::object{{"id", tagged.scope + "/providers/Microsoft.Resources/tags/default"},
                        {"name", "default"},
                        {"type", "Microsoft.Resources/tags"},
                        {"properties", json::object{{"tags", tagged.tags}}}});
}

Answer change(Context& context, const Call& call) {
  auto tagged = load(context, call);
  if (!tagged) return fail(std::move(tagged).error());
  const std::string method = call.request.method;
  const std::string operation =
      method == "PATCH" ? to_lower(string_or(call.body, "operation", "")) : "replace";
  const json::object wanted =
      method == "DELETE" ? json::object() : object_of(object_of(call.body, "properties"), "tags");
  if (operation == "replace") {
    tagged->tags = wanted;
  } else if (operation == "merge") {
    for (const auto& tag : wanted) tagged->tags[tag.key()] = tag.value();
  } else if (operation == "delete") {
    for (const auto& tag : wanted) {
      const json::value* present = tagged->tags.if_contains(tag.key());
      if (present != nullptr && *present == tag.value()) tagged->tags.erase(tag.key());
    }
  } else {
    return refuse(arm_error(400, "InvalidRequestContent",
                            "The operation is one of Merge, Replace and Delete."));
  }
  if (tagged->tags.size() > kMostTags) {
    return refuse(
        arm_error(400, "InvalidTags", fmt::format("A resource can have {} tags.", kMostTags)));
  }
  auto saved = save(context, *tagged);
  if (!saved) return fail(std::move(saved).error());
  return method == "DELETE" ? empty_response(200) : answer_with(*tagged);
}

}  // namespace

void add_tag_routes(Context& context, Routes& extensions) {
  constexpr std::string_view kDefault = "/providers/Microsoft.Resources/tags/default";
  for (const char* method : {"PUT", "PATCH", "DELETE"}) {
    extensions.add(method, kDefault,
                   [&context](const Call& call) { return change(context, call); });
  }
  extensions.add("GET", kDefault, [&context](const Call& call) -> Answer {
    auto tagged = load(context, call);
    if (!tagged) return fail(std::move(tagged).error());
    return answer_with(*tagged);
  });
}

}  // namespace drydock::arm
