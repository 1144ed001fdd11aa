// SPDX-License-Identifier: Apache-2.0
// Authorization rules of namespaces and of event hubs: named pairs of keys with rights.
#include "base/encoding.hpp"
#include "drydock/arm/event_hubs.hpp"
#include "drydock/arm/keys.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kMostRules = 12;

// Whose rules the call is about.
enum class Level { space, event_hub };

std::string_view type_of(Level level) {
  return level == Level::space ? kNamespaceRuleType : kEventHubRuleType;
}

Outcome<Resource> require_owner(Context& context, const Call& call, Level level) {
  return level == Level::space ? require_namespace(context, call)
                               : require_event_hub(context, call);
}

std::string rule_id(const Resource& owner, std::string_view name) {
  return fmt::format("{}/authorizationRules/{}", owner.id, name);
}

Outcome<Resource> require_rule(Context& context, const Call& call, Level level) {
  auto owner = require_owner(context, call, level);
  if (!owner) return owner;
  const std::string& name = call.path.at("rule");
  auto found = context.store.find(rule_id(*owner, name));
  if (!found) return fail(std::move(found).error());
  if (*found) return **found;
  return refuse_event_hubs(
      404, "NotFound",
      fmt::format("The authorization rule '{}' of '{}' was not found.", name, owner->name));
}

// Manage holds both others.
Outcome<json::array> read_rights(const json::object& body) {
  const json::array* given = find_array(object_of(body, "properties"), "rights");
  if (given == nullptr || given->empty()) {
    return refuse_event_hubs(400, "BadRequest", "An authorization rule needs rights.");
  }
  const auto has = [&](std::string_view right) {
    return std::ranges::any_of(*given, [&](const json::value& item) {
      return item.is_string() && std::string_view(item.get_string()) == right;
    });
  };
  for (const json::value& item : *given) {
    const bool known =
        item.is_string() && (item.get_string() == "Listen" || item.get_string() == "Send" ||
                             item.get_string() == "Manage");
    if (!known) {
      return refuse_event_hubs(400, "BadRequest",
                               fmt::format("The right {} is not one of Listen, Send and Manage.",
                                           json::serialize(item)));
    }
  }
  if (has("Manage") && !(has("Send") && has("Listen"))) {
    return refuse_event_hubs(400, "BadRequest", "Manage needs Send and Listen beside it.");
  }
  return *given;
}

Resource new_rule(const Context& context, const Resource& owner, Level level,
                  std::string_view name) {
  Resource rule = event_hub_child(context, owner, type_of(level), "authorizationRules", name);
  rule.hidden["primaryKey"] = random_key(kKeySize);
  rule.hidden["secondaryKey"] = random_key(kKeySize);
  return rule;
}

Answer put(Context& context, const Call& call, Level level) {
  auto owner = require_owner(context, call, level);
  if (!owner) return fail(std::move(owner).error());
  const std::string& name = call.path.at("rule");
  auto existing = context.store.find(rule_id(*owner, name));
  if (!existing) return fail(std::move(existing).error());
  auto rights = read_rights(call.body);
  if (!rights) return fail(std::move(rights).error());
  if (!*existing) {
    auto siblings = context.store.list_children(owner->id, type_of(level));
    if (!siblings) return fail(std::move(siblings).error());
    if (name.empty() || name.size() > 50 || siblings->size() >= kMostRules) {
      return refuse_event_hubs(400, "BadRequest",
                               fmt::format("There can be {} rules, with names of 1 to 50 "
                                           "characters.",
                                           kMostRules));
    }
  }
  Resource rule = *existing ? **std::move(existing) : new_rule(context, *owner, level, name);
  rule.document["properties"] = json::object{{"rights", *std::move(rights)}};
  auto saved = context.store.save(rule);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, rule.document);
}

Answer get(Context& context, const Call& call, Level level) {
  auto rule = require_rule(context, call, level);
  if (!rule) return fail(std::move(rule).error());
  return json_response(200, rule->document);
}

Answer remove(Context& context, const Call& call, Level level) {
  auto owner = require_owner(context, call, level);
  if (!owner) return fail(std::move(owner).error());
  const std::string& name = call.path.at("rule");
  if (level == Level::space && equals_ignore_case(name, kRootRule)) {
    return refuse_event_hubs(
        400, "BadRequest", fmt::format("The authorization rule {} cannot be deleted.", kRootRule));
  }
  auto rule = context.store.find(rule_id(*owner, name));
  if (!rule) return fail(std::move(rule).error());
  if (!*rule) return empty_response(204);
  auto removed = context.store.remove((*rule)->id);
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

Answer list(Context& context, const Call& call, Level level) {
  auto owner = require_owner(context, call, level);
  if (!owner) return fail(std::move(owner).error());
  auto rules = context.store.list_children(owner->id, type_of(level));
  if (!rules) return fail(std::move(rules).error());
  return list_response(context, call, *rules);
}

HttpResponse keys_response(const Call& call, const Resource& rule, Level level) {
  const std::string host = Endpoints::service_bus_host(call.path.at("name"));
  const std::string entity = level == Level::event_hub
                                 ? fmt::format(";EntityPath={}", call.path.at("hub"))
                                 : std::string();
  const auto connection = [&](std::string_view key) {
    return fmt::format("Endpoint=sb://{}/;SharedAccessKeyName={};SharedAccessKey={}{}", host,
                       rule.name, string_or(rule.hidden, key, ""), entity);
  };
  return json_response(200,
                       json::object{{"primaryConnectionString", connection("primaryKey")},
                                    {"secondaryConnectionString", connection("secondaryKey")},
                                    {"primaryKey", string_or(rule.hidden, "primaryKey", "")},
                                    {"secondaryKey", string_or(rule.hidden, "secondaryKey", "")},
                                    {"keyName", rule.name}});
}

Answer list_keys(Context& context, const Call& call, Level level) {
  auto rule = require_rule(context, call, level);
  if (!rule) return fail(std::move(rule).error());
  return keys_response(call, *rule, level);
}

Answer regenerate(Context& context, const Call& call, Level level) {
  auto rule = require_rule(context, call, level);
  if (!rule) return fail(std::move(rule).error());
  const std::string type = string_or(call.body, "keyType", "");
  if (type != "PrimaryKey" && type != "SecondaryKey") {
    return refuse_event_hubs(400, "BadRequest", "The keyType is PrimaryKey or SecondaryKey.");
  }
  const std::string_view member = type == "PrimaryKey" ? "primaryKey" : "secondaryKey";
  rule->hidden[member] = string_or(call.body, "key", random_key(kKeySize));
  auto saved = context.store.save(*rule);
  if (!saved) return fail(std::move(saved).error());
  return keys_response(call, *rule, level);
}

}  // namespace

Outcome<void> create_root_rule(Context& context, const Resource& space) {
  Resource rule = new_rule(context, space, Level::space, kRootRule);
  rule.document["properties"] = json::object{{"rights", json::array{"Listen", "Manage", "Send"}}};
  auto saved = context.store.save(rule);
  if (!saved) return fail(std::move(saved).error());
  return {};
}

void add_event_hub_rule_routes(Context& context, Routes& routes) {
  for (const Level level : {Level::space, Level::event_hub}) {
    const auto bind = [&context, level](Answer (*run)(Context&, const Call&, Level)) {
      return [&context, level, run](const Call& call) { return run(context, call, level); };
    };
    const std::string all =
        level == Level::space ? "/authorizationRules" : "/eventhubs/{hub}/authorizationRules";
    const std::string one = all + "/{rule}";
    routes.add_resource("GET", kNamespaceType, all, bind(list));
    routes.add_resource("GET", kNamespaceType, one, bind(get));
    routes.add_resource("PUT", kNamespaceType, one, bind(put));
    routes.add_resource("DELETE", kNamespaceType, one, bind(remove));
    routes.add_resource("POST", kNamespaceType, one + "/listKeys", bind(list_keys));
    routes.add_resource("POST", kNamespaceType, one + "/regenerateKeys", bind(regenerate));
  }
}

}  // namespace drydock::arm
