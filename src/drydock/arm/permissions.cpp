// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/permissions.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

bool matches_action(std::string_view pattern, std::string_view action) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return equals_ignore_case(pattern, action);
  if (action.size() < star ||
      !equals_ignore_case(pattern.substr(0, star), action.substr(0, star))) {
    return false;
  }
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= action.size(); ++at) {
    if (matches_action(rest, action.substr(at))) return true;
  }
  return false;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view action) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return matches_action(pattern, action); });
}

json::array to_array(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

std::vector<std::string> read_texts(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const json::array* array = find_array(object, name);
  for (const json::value& item : array == nullptr ? json::array() : *array) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

std::string_view verb_of(std::string_view method) {
  if (method == "GET" || method == "HEAD") return "read";
  if (method == "DELETE") return "delete";
  return method == "POST" ? "action" : "write";
}

std::string join(std::span<const std::string> segments) {
  std::string path;
  for (const std::string& segment : segments) path += "/" + segment;
  return path;
}

// Operations named otherwise than their paths let expect.
std::string renamed(std::string action) {
  struct Rename {
    std::string_view from;
    std::string_view to;
  };
  static constexpr std::array<Rename, 5> kRenames = {{
      {"microsoft.storage/checknameavailability/action",
       "Microsoft.Storage/checknameavailability/read"},
      {"microsoft.containerregistry/checknameavailability/action",
       "Microsoft.ContainerRegistry/checkNameAvailability/read"},
      {"microsoft.devices/checkprovisioningservicenameavailability/action",
       "Microsoft.Devices/checkNameAvailability/action"},
      {"microsoft.devices/locations/provisioningserviceoperationresults/read",
       "Microsoft.Devices/provisioningServices/operationresults/read"},
      {"microsoft.resources/subscriptions/tagnames/read", "Microsoft.Resources/tags/read"},
  }};
  for (const Rename& rename : kRenames) {
    if (equals_ignore_case(action, rename.from)) return std::string(rename.to);
  }
  return action;
}

// Of "<namespace>/type/name/type/name": every second segment names a type. An odd one at the end
// is a list, or with POST the action itself.
std::string provider_action(std::span<const std::string> segments, std::string_view method) {
  std::string action = segments[0];
  const std::span<const std::string> rest = segments.subspan(1);
  const bool is_action = method == "POST";
  const bool odd = rest.size() % 2 == 1;
  for (std::size_t i = 0; i < rest.size(); i += 2) {
    action += '/';
    action += rest[i];
  }
  if (is_action && !odd && !rest.empty()) {  // the action stands where a name would
    action += '/';
    action += rest.back();
  }
  action += '/';
  action += verb_of(method);
  return renamed(std::move(action));
}

}  // namespace

json::object to_json(const Permission& permission) {
  return {{"actions", to_array(permission.actions)},
          {"notActions", to_array(permission.not_actions)},
          {"dataActions", to_array(permission.data_actions)},
          {"notDataActions", to_array(permission.not_data_actions)}};
}

Permission permission_from_json(const json::object& object) {
  return {read_texts(object, "actions"), read_texts(object, "notActions"),
          read_texts(object, "dataActions"), read_texts(object, "notDataActions")};
}

bool grants(const std::vector<Permission>& permissions, std::string_view action) {
  return std::ranges::any_of(permissions, [&](const Permission& entry) {
    return any_matches(entry.actions, action) && !any_matches(entry.not_actions, action);
  });
}

bool grants_data(const std::vector<Permission>& permissions, std::string_view data_action) {
  return std::ranges::any_of(permissions, [&](const Permission& entry) {
    return any_matches(entry.data_actions, data_action) &&
           !any_matches(entry.not_data_actions, data_action);
  });
}

std::optional<Demand> demand_of(std::string_view method, std::string_view path) {
  std::vector<std::string> segments;
  for (const std::string& segment : split(path, '/')) {
    if (!segment.empty()) segments.push_back(percent_decode(segment));
  }
  const auto is = [&](std::size_t index, std::string_view text) {
    return index < segments.size() && equals_ignore_case(segments[index], text);
  };
  if (!is(0, "subscriptions") || segments.size() < 2) return std::nullopt;
  const std::span<const std::string> all(segments);
  const bool in_group = is(2, "resourceGroups") && segments.size() > 3;
  std::size_t provider = segments.size();  // of the last "providers"
  for (std::size_t i = 2; i < segments.size(); ++i) {
    if (is(i, "providers")) provider = i;
  }
  if (provider + 1 < segments.size()) {
    const std::span<const std::string> rest = all.subspan(provider + 1);
    const bool about_provider = provider == 2 && rest.size() == 1;
    if (about_provider) {
      return Demand{"Microsoft.Resources/subscriptions/providers/read", join(all.first(2))};
    }
    // Azure signs the URLs of these polls.
    for (const std::string_view poll : {"asyncoperations", "operationStatus"}) {
      if (rest.size() > 3 && equals_ignore_case(rest[3], poll)) return std::nullopt;
    }
    const bool subscription_wide = provider == 2;
    const bool extension = equals_ignore_case(rest[0], "Microsoft.Authorization") ||
                           equals_ignore_case(rest[0], "Microsoft.Resources");
    std::string scope = extension || subscription_wide ? join(all.first(provider)) : join(all);
    return Demand{provider_action(rest, method), std::move(scope)};
  }
  std::string action = "Microsoft.Resources/subscriptions";
  for (std::size_t i = 2; i < segments.size(); i += 2) action += "/" + segments[i];
  action += "/";
  action += verb_of(method);
  return Demand{renamed(std::move(action)), join(all.first(in_group ? 4 : 2))};
}

bool is_within(std::string_view scope, std::string_view ancestor) {
  while (ancestor.ends_with('/')) ancestor.remove_suffix(1);
  if (scope.size() < ancestor.size()) return false;
  if (!equals_ignore_case(scope.substr(0, ancestor.size()), ancestor)) return false;
  return scope.size() == ancestor.size() || scope[ancestor.size()] == '/';
}

}  // namespace drydock::arm
