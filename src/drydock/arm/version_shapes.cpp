// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/version_shapes.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

struct Rule {
  std::string_view path;    // in the request's path, lower case
  std::string_view since;   // the first api-version that has the member
  std::string_view parent;  // where it stands, dotted; "" is the document itself
  std::string_view member;
  std::string_view older_name;  // "": there was none
};

constexpr std::array<Rule, 5> kRules = {{
    {"/microsoft.devices/iothubs", "2023-06-30", "properties.routing.endpoints",
     "cosmosDBSqlContainers", "cosmosDBSqlCollections"},
    {"/microsoft.devices/provisioningservices", "2022-02-05", "properties",
     "portalOperationsHostName", ""},
    {"/microsoft.eventhub/namespaces", "2023-01-01-preview", "properties", "retentionDescription",
     ""},
    // Some previews have it, no stable version does; it is left out of all.
    {"/microsoft.containerregistry/registries", "9999", "properties", "anonymousPullEnabled", ""},
    {"/locations", "2020-01-01", "", "type", ""},
}};

json::object* find_parent(json::object& document, std::string_view dotted_path) {
  json::object* place = &document;
  if (dotted_path.empty()) return place;
  for (const std::string& name : split(dotted_path, '.')) {
    json::value* member = place->if_contains(name);
    if (member == nullptr || !member->is_object()) return nullptr;
    place = &member->get_object();
  }
  return place;
}

void apply(const Rule& rule, json::object& document) {
  json::object* parent = find_parent(document, rule.parent);
  if (parent == nullptr) return;
  const auto member = parent->find(rule.member);
  if (member == parent->end()) return;
  if (!rule.older_name.empty()) (*parent)[rule.older_name] = member->value();
  parent->erase(rule.member);
}

bool concerns(const Rule& rule, std::string_view path, std::string_view version) {
  return version < rule.since && path.find(rule.path) != std::string_view::npos;
}

}  // namespace

void shape_for_version(const net::HttpRequest& request, net::HttpResponse& response) {
  if (response.status >= 300 || response.body.empty()) return;
  const std::string path = to_lower(request.path());
  const std::string version = request.query_value("api-version").value_or("");
  const auto needed = [&](const Rule& rule) { return concerns(rule, path, version); };
  if (std::ranges::none_of(kRules, needed)) return;
  auto document = parse_json_object(response.body);
  if (!document) return;
  for (const Rule& rule : kRules) {
    if (!needed(rule)) continue;
    apply(rule, *document);
    json::value* items = document->if_contains("value");
    if (items == nullptr || !items->is_array()) continue;
    for (json::value& item : items->get_array()) {
      if (item.is_object()) apply(rule, item.get_object());
    }
  }
  response.body = json::serialize(*document);
}

}  // namespace drydock::arm
