// SPDX-License-Identifier: Apache-2.0
// The list of resources of every type, by which tools find a resource of which they know the name.
#include "base/encoding.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

struct Condition {
  std::string field;  // lower case
  std::string value;
};

// Comparisons with "eq", joined by "and": "resourceType eq 'a/b' and name eq 'c'".
std::optional<std::vector<Condition>> parse_filter(std::string_view text) {
  std::vector<Condition> conditions;
  std::string_view rest = trim(text);
  while (!rest.empty()) {
    const auto open = rest.find('\'');
    if (open == std::string_view::npos) return std::nullopt;
    const auto close = rest.find('\'', open + 1);
    if (close == std::string_view::npos) return std::nullopt;
    std::string head = to_lower(trim(rest.substr(0, open)));
    if (!conditions.empty()) {
      if (!head.starts_with("and ")) return std::nullopt;
      head = std::string(trim(std::string_view(head).substr(4)));
    }
    if (!head.ends_with(" eq")) return std::nullopt;
    conditions.push_back({std::string(trim(std::string_view(head).substr(0, head.size() - 3))),
                          std::string(rest.substr(open + 1, close - open - 1))});
    rest = trim(rest.substr(close + 1));
  }
  return conditions;
}

bool known(const Condition& condition) {
  return condition.field == "resourcetype" || condition.field == "name" ||
         condition.field == "location" || condition.field == "resourcegroup" ||
         condition.field == "tagname" || condition.field == "tagvalue";
}

bool satisfies(const Resource& resource, const Condition& condition) {
  const auto same = [&](std::string_view value) {
    return equals_ignore_case(value, condition.value);
  };
  if (condition.field == "resourcetype") return same(resource.type);
  if (condition.field == "name") return same(resource.name);
  if (condition.field == "resourcegroup") return same(resource.group);
  if (condition.field == "location") return same(string_or(resource.document, "location", ""));
  const json::object& tags = object_of(resource.document, "tags");
  if (condition.field == "tagname") return tags.contains(condition.value);
  return std::ranges::any_of(tags, [&](const auto& tag) {
    return tag.value().is_string() && tag.value().get_string() == condition.value;
  });
}

json::object summary(const Resource& resource) {
  json::object result{{"id", resource.id}, {"name", resource.name}, {"type", resource.type}};
  for (const std::string_view field : {"sku", "kind", "location", "identity", "tags"}) {
    const auto member = resource.document.find(field);
    if (member != resource.document.end()) result[field] = member->value();
  }
  return result;
}

Answer list(Context& context, const Call& call, std::string_view group) {
  const std::string filter = call.request.query_value("$filter").value_or("");
  const auto conditions = parse_filter(filter);
  if (!conditions || !std::ranges::all_of(*conditions, known)) {
    return refuse(
        arm_error(400, "InvalidFilterInQueryString",
                  fmt::format("Invalid $filter '{}' specified in the query string.", filter)));
  }
  auto resources = context.store.list("", group);
  if (!resources) return fail(std::move(resources).error());
  json::array values;
  for (const Resource& resource : *resources) {
    const bool wanted = std::ranges::all_of(
        *conditions, [&](const Condition& condition) { return satisfies(resource, condition); });
    if (wanted) values.push_back(summary(resource));
  }
  return page_response(context, call, std::move(values));
}

}  // namespace

void add_resource_list_routes(Context& context, Routes& routes) {
  routes.add("GET", fmt::format("{}/resources", kSubscription),
             [&context](const Call& call) { return list(context, call, ""); });
  routes.add("GET", fmt::format("{}/resources", kGroup), [&context](const Call& call) -> Answer {
    auto group = require_group(context, call);
    if (!group) return fail(std::move(group).error());
    return list(context, call, group->name);
  });
}

}  // namespace drydock::arm
