// SPDX-License-Identifier: Apache-2.0
// Scope maps and tokens: credentials of a registry that are limited to repositories and actions.
#include <array>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "drydock/arm/providers.hpp"
#include "drydock/arm/registry_passwords.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

tl::unexpected<Refusal> refuse_call(int status, std::string_view code, std::string_view message) {
  return refuse(registry_error(status, code, message));
}

bool valid_name(std::string_view name, std::string_view more_characters) {
  return name.size() >= 5 && name.size() <= 50 && std::ranges::all_of(name, [&](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  more_characters.find(c) != std::string_view::npos;
         });
}

std::string child_id(const Resource& registry, std::string_view kind, std::string_view name) {
  return fmt::format("{}/{}/{}", registry.id, kind, name);
}

// "repositories/<name>/content/read" and its kin; the name may hold slashes.
bool valid_action(std::string_view action) {
  static constexpr std::array<std::string_view, 5> kSuffixes = {
      "/content/read", "/content/write", "/content/delete", "/metadata/read", "/metadata/write"};
  constexpr std::string_view kRepositories = "repositories/";
  constexpr std::string_view kGateway = "gateway/";
  if (action.starts_with(kGateway)) return true;
  if (!action.starts_with(kRepositories)) return false;
  return std::ranges::any_of(kSuffixes, [&](std::string_view suffix) {
    return action.ends_with(suffix) && action.size() > kRepositories.size() + suffix.size();
  });
}

Outcome<json::array> read_actions(const json::object& properties) {
  const json::array* given = find_array(properties, "actions");
  if (given == nullptr || given->empty()) {
    return refuse_call(400, "ScopeMapInvalid", "A scope map needs actions.");
  }
  for (const json::value& action : *given) {
    if (action.is_string() && valid_action(action.get_string())) continue;
    return refuse_call(400, "ScopeMapActionInvalid",
                       fmt::format("The action {} is invalid.", json::serialize(action)));
  }
  return *given;
}

Outcome<Resource> require_child(Context& context, const Call& call, std::string_view type,
                                std::string_view kind) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return registry;
  const std::string& name = call.path.at("child");
  auto found = context.store.find(child_id(*registry, kind, name));
  if (!found) return fail(std::move(found).error());
  if (*found) return **found;
  return refuse_call(
      404, "ResourceNotFound",
      fmt::format("The Resource '{}/{}/{}' was not found.", type, registry->name, name));
}

Resource new_child(const Context& context, const Resource& registry, std::string_view type,
                   std::string_view kind, std::string_view name) {
  Resource child;
  child.id = child_id(registry, kind, name);
  child.type = std::string(type);
  child.group = registry.group;
  child.name = std::string(name);
  child.parent = registry.id;
  child.document = {
      {"id", child.id},
      {"name", name},
      {"type", type},
      {"systemData", system_data(context)},
      {"properties", json::object{{"creationDate", format_rfc3339(context.clock.now())}}}};
  return child;
}

Outcome<void> refuse_system_defined(const Resource& map) {
  const json::object& properties = object_of(map.document, "properties");
  if (string_or(properties, "type", "") != "SystemDefined") return {};
  return refuse_call(400, "SystemScopeMapReadOnly",
                     fmt::format("The scope map {} belongs to the registry.", map.name));
}

Answer put_scope_map(Context& context, const Call& call) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return fail(std::move(registry).error());
  const std::string& name = call.path.at("child");
  auto existing = context.store.find(child_id(*registry, "scopeMaps", name));
  if (!existing) return fail(std::move(existing).error());
  if (!*existing && !valid_name(name, "-_")) {
    return refuse_call(400, "InvalidResourceName",
                       fmt::format("The scope map name '{}' is invalid.", name));
  }
  Resource map =
      *existing ? **existing : new_child(context, *registry, kScopeMapType, "scopeMaps", name);
  auto writable = refuse_system_defined(map);
  if (!writable) return fail(std::move(writable).error());
  const json::object& wanted = object_of(call.body, "properties");
  auto actions = read_actions(wanted);
  if (!actions) return fail(std::move(actions).error());
  json::object& properties = map.document["properties"].get_object();
  properties["description"] = string_or(wanted, "description", "");
  properties["type"] = "UserDefined";
  properties["actions"] = *std::move(actions);
  properties["provisioningState"] = "Succeeded";
  auto saved = context.store.save(map);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, map.document);
}

Answer patch_scope_map(Context& context, const Call& call) {
  auto map = require_child(context, call, kScopeMapType, "scopeMaps");
  if (!map) return fail(std::move(map).error());
  auto writable = refuse_system_defined(*map);
  if (!writable) return fail(std::move(writable).error());
  const json::object& wanted = object_of(call.body, "properties");
  json::object& properties = map->document["properties"].get_object();
  if (const auto description = optional_string(wanted, "description")) {
    properties["description"] = *description;
  }
  if (wanted.contains("actions")) {
    auto actions = read_actions(wanted);
    if (!actions) return fail(std::move(actions).error());
    properties["actions"] = *std::move(actions);
  }
  auto saved = context.store.save(*map);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, map->document);
}

Outcome<void> apply_token_body(Context& context, const json::object& wanted,
                               const Resource& registry, Resource& token) {
  json::object& properties = token.document["properties"].get_object();
  const auto map_id = optional_string(wanted, "scopeMapId");
  if (map_id) {
    auto map = context.store.find(*map_id);
    if (!map) return fail(std::move(map).error());
    if (!*map || (*map)->type != kScopeMapType || (*map)->parent != registry.id) {
      return refuse_call(
          400, "ScopeMapNotFound",
          fmt::format("The scope map '{}' was not found in registry {}.", *map_id, registry.name));
    }
    properties["scopeMapId"] = (*map)->id;
  } else if (!properties.contains("scopeMapId")) {
    return refuse_call(400, "InvalidRequestContent", "A token needs scopeMapId.");
  }
  const std::string status =
      string_or(wanted, "status", string_or(properties, "status", "enabled"));
  if (status != "enabled" && status != "disabled") {
    return refuse_call(400, "InvalidRequestContent",
                       fmt::format("The token status '{}' is invalid.", status));
  }
  properties["status"] = status;
  if (!properties.contains("credentials")) {
    properties["credentials"] = json::object{{"passwords", json::array()}};
  }
  return {};
}

Answer put_token(Context& context, const Call& call) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return fail(std::move(registry).error());
  const std::string& name = call.path.at("child");
  auto existing = context.store.find(child_id(*registry, "tokens", name));
  if (!existing) return fail(std::move(existing).error());
  if (!*existing && !valid_name(name, "-")) {
    return refuse_call(400, "InvalidResourceName",
                       fmt::format("The token name '{}' is invalid.", name));
  }
  Resource token =
      *existing ? **existing : new_child(context, *registry, kTokenType, "tokens", name);
  auto applied = apply_token_body(context, object_of(call.body, "properties"), *registry, token);
  if (!applied) return fail(std::move(applied).error());
  token.document["properties"].get_object()["provisioningState"] =
      *existing ? "Succeeded" : "Creating";
  auto saved = context.store.save(token);
  if (!saved) return fail(std::move(saved).error());
  if (*existing) return json_response(200, token.document);
  auto operation = context.start(OperationKind::write, token.id);
  if (!operation) return fail(std::move(operation).error());
  HttpResponse response = json_response(201, token.document);
  add_registry_async_headers(context, call, *registry, *operation, response);
  return response;
}

Answer patch_token(Context& context, const Call& call) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return fail(std::move(registry).error());
  auto token = require_child(context, call, kTokenType, "tokens");
  if (!token) return fail(std::move(token).error());
  auto applied = apply_token_body(context, object_of(call.body, "properties"), *registry, *token);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(*token);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, token->document);
}

// Names and dates of the passwords are shown; their values are given out once.
Answer generate_credentials(Context& context, const Call& call) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return fail(std::move(registry).error());
  auto token = context.store.find(string_or(call.body, "tokenId", ""));
  if (!token) return fail(std::move(token).error());
  if (!*token || (*token)->type != kTokenType || (*token)->parent != registry->id) {
    return refuse_call(404, "TokenNotFound", "There is no token of that id in the registry.");
  }
  const auto name = optional_string(call.body, "name");
  if (name && *name != "password1" && *name != "password2") {
    return refuse_call(400, "InvalidPasswordName", "The name is 'password1' or 'password2'.");
  }
  const auto expiry = optional_string(call.body, "expiry");
  if (expiry && !parse_rfc3339(*expiry)) {
    return refuse_call(400, "InvalidRequestContent", "The expiry is not a date and time.");
  }
  json::object values = object_of((*token)->hidden, "passwords");
  json::object& properties = (*token)->document["properties"].get_object();
  json::array shown;
  json::array answered;
  if (const json::array* before = find_array(object_of(properties, "credentials"), "passwords")) {
    for (const json::value& item : *before) {
      if (name && string_or(item.get_object(), "name", "") != *name) shown.push_back(item);
    }
  }
  for (const std::string password : {"password1", "password2"}) {
    if (name && *name != password) continue;
    json::object item{{"name", password}, {"creationTime", format_rfc3339(context.clock.now())}};
    if (expiry) item["expiry"] = *expiry;
    shown.push_back(item);
    values[password] = random_password();
    item["value"] = values[password];
    answered.push_back(std::move(item));
  }
  properties["credentials"] = json::object{{"passwords", std::move(shown)}};
  (*token)->hidden["passwords"] = std::move(values);
  auto saved = context.store.save(**token);
  if (!saved) return fail(std::move(saved).error());
  return json_response(
      200, json::object{{"username", (*token)->name}, {"passwords", std::move(answered)}});
}

void add_child_routes(Context& context, Routes& routes, std::string_view type,
                      const std::string& kind) {
  const std::string one = fmt::format("/{}/{{child}}", kind);
  const std::string child_type(type);
  routes.add_resource("GET", kRegistryType, "/" + kind,
                      [&context, child_type](const Call& call) -> Answer {
                        auto registry = require_resource(context, call, kRegistryType);
                        if (!registry) return fail(std::move(registry).error());
                        auto children = context.store.list_children(registry->id, child_type);
                        if (!children) return fail(std::move(children).error());
                        return list_response(context, call, *children);
                      });
  routes.add_resource("GET", kRegistryType, one,
                      [&context, child_type, kind](const Call& call) -> Answer {
                        auto child = require_child(context, call, child_type, kind);
                        if (!child) return fail(std::move(child).error());
                        return json_response(200, child->document);
                      });
  routes.add_resource("DELETE", kRegistryType, one,
                      [&context, child_type, kind](const Call& call) -> Answer {
                        auto registry = require_resource(context, call, kRegistryType);
                        if (!registry) return fail(std::move(registry).error());
                        auto child = require_child(context, call, child_type, kind);
                        if (!child) return empty_response(204);
                        auto writable = refuse_system_defined(*child);
                        if (!writable) return fail(std::move(writable).error());
                        auto removed = context.store.remove(child->id);
                        if (!removed) return fail(std::move(removed).error());
                        return empty_response(200);
                      });
}

}  // namespace

std::string random_password() {
  constexpr std::size_t kLength = 52;
  // Base64 without its two other characters is letters and digits; what is left over is cut off.
  std::string password;
  while (password.size() < kLength) {
    for (const char c : base64_encode(random_bytes(kLength))) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) password += c;
    }
  }
  password.resize(kLength);
  return password;
}

Outcome<void> create_system_scope_maps(Context& context, const Resource& registry) {
  struct Built {
    std::string_view name;
    std::string_view description;
    std::vector<std::string_view> actions;
  };
  static const std::vector<Built> kMaps = {
      {"_repositories_pull",
       "Can pull any repository of the registry",
       {"repositories/*/content/read"}},
      {"_repositories_pull_metadata_read",
       "Can pull any repository and read its metadata",
       {"repositories/*/content/read", "repositories/*/metadata/read"}},
      {"_repositories_push",
       "Can push to any repository of the registry",
       {"repositories/*/content/read", "repositories/*/content/write"}},
      {"_repositories_push_metadata_write",
       "Can push to any repository and write its metadata",
       {"repositories/*/content/read", "repositories/*/content/write",
        "repositories/*/metadata/read", "repositories/*/metadata/write"}},
      {"_repositories_admin",
       "Can do everything with any repository of the registry",
       {"repositories/*/content/delete", "repositories/*/content/read",
        "repositories/*/content/write", "repositories/*/metadata/read",
        "repositories/*/metadata/write"}}};
  for (const Built& built : kMaps) {
    Resource map = new_child(context, registry, kScopeMapType, "scopeMaps", built.name);
    json::object& properties = map.document["properties"].get_object();
    properties["description"] = built.description;
    properties["type"] = "SystemDefined";
    properties["actions"] = json::array(built.actions.begin(), built.actions.end());
    properties["provisioningState"] = "Succeeded";
    auto saved = context.store.save(map);
    if (!saved) return fail(std::move(saved).error());
  }
  return {};
}

void add_registry_token_routes(Context& context, Routes& routes) {
  context.on_completion(std::string(kTokenType), [](Resource& token) {
    token.document["properties"].get_object()["provisioningState"] = "Succeeded";
  });
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  add_child_routes(context, routes, kScopeMapType, "scopeMaps");
  add_child_routes(context, routes, kTokenType, "tokens");
  routes.add_resource("PUT", kRegistryType, "/scopeMaps/{child}", bind(put_scope_map));
  routes.add_resource("PATCH", kRegistryType, "/scopeMaps/{child}", bind(patch_scope_map));
  routes.add_resource("PUT", kRegistryType, "/tokens/{child}", bind(put_token));
  routes.add_resource("PATCH", kRegistryType, "/tokens/{child}", bind(patch_token));
  routes.add_resource("POST", kRegistryType, "/generateCredentials", bind(generate_credentials));
}

std::vector<RegistryToken> read_registry_tokens(Context& context, const Resource& registry) {
  std::vector<RegistryToken> tokens;
  auto children = context.store.list_children(registry.id, kTokenType);
  if (!children) return tokens;
  for (const Resource& child : *children) {
    const json::object& properties = object_of(child.document, "properties");
    RegistryToken token;
    token.name = child.name;
    token.enabled = string_or(properties, "status", "") == "enabled";
    const json::object& values = object_of(child.hidden, "passwords");
    if (const json::array* shown = find_array(object_of(properties, "credentials"), "passwords")) {
      for (const json::value& item : *shown) {
        const json::object& password = item.get_object();
        auto expiry = parse_rfc3339(string_or(password, "expiry", ""));
        token.passwords.push_back({Secret(string_or(values, string_or(password, "name", ""), "")),
                                   expiry ? std::optional(*expiry) : std::nullopt});
      }
    }
    auto map = context.store.find(string_or(properties, "scopeMapId", ""));
    if (map && *map) {
      const json::array* actions = find_array(object_of((*map)->document, "properties"), "actions");
      for (const json::value& action : actions == nullptr ? json::array() : *actions) {
        token.actions.emplace_back(action.get_string());
      }
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace drydock::arm
