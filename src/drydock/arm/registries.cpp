// SPDX-License-Identifier: Apache-2.0
// Microsoft.ContainerRegistry/registries, api-version 2023-07-01.
#include <array>

#include "base/encoding.hpp"
#include "drydock/arm/providers.hpp"
#include "drydock/arm/registry_passwords.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

bool valid_name(std::string_view name) {
  return name.size() >= 5 && name.size() <= 50 && std::ranges::all_of(name, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0;
         });
}

json::object default_policies() {
  const json::object disabled{{"status", "disabled"}};
  return {{"quarantinePolicy", disabled},
          {"trustPolicy", json::object{{"type", "Notary"}, {"status", "disabled"}}},
          {"retentionPolicy", json::object{{"days", 7}, {"status", "disabled"}}},
          {"exportPolicy", json::object{{"status", "enabled"}}}};
}

json::object default_properties() {
  return {{"adminUserEnabled", false},
          {"policies", default_policies()},
          {"encryption", json::object{{"status", "disabled"}}},
          {"dataEndpointEnabled", false},
          {"dataEndpointHostNames", json::array()},
          {"privateEndpointConnections", json::array()},
          {"publicNetworkAccess", "Enabled"},
          {"networkRuleBypassOptions", "AzureServices"},
          {"zoneRedundancy", "Disabled"}};
}

Outcome<json::object> make_sku(const json::object& body, const json::object& before) {
  static constexpr std::array<std::string_view, 3> kNames = {"Basic", "Standard", "Premium"};
  const std::string wanted =
      string_or(object_of(body, "sku"), "name", string_or(object_of(before, "sku"), "name", ""));
  for (const std::string_view name : kNames) {
    if (equals_ignore_case(name, wanted)) return json::object{{"name", name}, {"tier", name}};
  }
  return refuse(registry_error(
      400, "SkuNotSupported",
      fmt::format("The SKU '{}' is not one of Basic, Standard and Premium.", wanted)));
}

// Lays the body over what there was, for PUT and PATCH alike.
Outcome<void> apply_body(Context& context, const json::object& body, std::string_view state,
                         Resource& registry) {
  auto sku = make_sku(body, registry.document);
  if (!sku) return fail(std::move(sku).error());
  const json::object* before = find_object(registry.document, "properties");
  json::object properties = before != nullptr ? *before : default_properties();
  for (const auto& member : object_of(body, "properties")) {
    if (!member.value().is_null()) properties[member.key()] = member.value();
  }
  // The port is part of the name under which clients reach and address images.
  properties["loginServer"] = context.endpoints.authority(Endpoints::registry_host(registry.name));
  properties["creationDate"] = string_or(registry.hidden, "created", "");
  properties["provisioningState"] = state;
  const json::object* tags = find_object(body, "tags");
  const json::object* system = find_object(registry.document, "systemData");
  json::object document{{"id", registry.id},
                        {"name", registry.name},
                        {"type", kRegistryType},
                        {"location", string_or(registry.document, "location", "")},
                        {"tags", tags != nullptr ? *tags : object_of(registry.document, "tags")},
                        {"sku", *std::move(sku)},
                        {"properties", std::move(properties)},
                        {"systemData", system != nullptr ? *system : system_data(context)}};
  registry.document = std::move(document);
  return {};
}

Answer create(Context& context, const Call& call, const WriteTarget& target) {
  const std::string& name = call.path.at("name");
  if (!valid_name(name)) {
    return refuse(registry_error(400, "InvalidResourceName",
                                 fmt::format("The registry name '{}' is invalid: 5 to 50 letters "
                                             "and digits.",
                                             name)));
  }
  auto taken = context.store.find_named(kRegistryType, name);
  if (!taken) return fail(std::move(taken).error());
  if (*taken) {
    return refuse(registry_error(409, "AlreadyInUse",
                                 fmt::format("The registry DNS name {} is already in use.",
                                             Endpoints::registry_host(name))));
  }
  Resource registry;
  registry.id = resource_id(context, target.group.name, kRegistryType, name);
  registry.type = std::string(kRegistryType);
  registry.group = target.group.name;
  registry.name = name;
  registry.document["location"] = target.location;
  registry.hidden = {{"password", random_password()},
                     {"password2", random_password()},
                     {"created", format_rfc3339(context.clock.now())}};
  auto applied = apply_body(context, call.body, "Creating", registry);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(registry);
  if (!saved) return fail(std::move(saved).error());
  auto maps = create_system_scope_maps(context, registry);
  if (!maps) return fail(std::move(maps).error());
  auto operation = context.start(OperationKind::write, registry.id);
  if (!operation) return fail(std::move(operation).error());
  HttpResponse response = json_response(201, registry.document);
  add_registry_async_headers(context, call, registry, *operation, response);
  return response;
}

Answer change(Context& context, const Call& call, Resource registry) {
  auto free = refuse_while_running(context, registry);
  if (!free) return fail(std::move(free).error());
  auto applied = apply_body(context, call.body, "Succeeded", registry);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(registry);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, registry.document);
}

Answer put(Context& context, const Call& call) {
  auto target = prepare_write(context, call, kRegistryType);
  if (!target) return fail(std::move(target).error());
  if (target->existing) return change(context, call, *target->existing);
  return create(context, call, *target);
}

Answer patch(Context& context, const Call& call) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return fail(std::move(registry).error());
  return change(context, call, *std::move(registry));
}

Answer remove(Context& context, const Call& call) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return empty_response(204);
  auto free = refuse_while_running(context, *registry);
  if (!free) return fail(std::move(free).error());
  auto removed = context.remove(*registry);
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

// The admin user: the registry's name with two passwords, when enabled.
Outcome<Resource> require_admin(Context& context, const Call& call) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return registry;
  if (bool_or(object_of(registry->document, "properties"), "adminUserEnabled", false)) {
    return registry;
  }
  return refuse(registry_error(
      400, "UnAuthorizedForCredentialOperations",
      fmt::format("Cannot perform credential operations for {} as admin user is disabled.",
                  registry->id)));
}

HttpResponse credentials_response(const Resource& registry) {
  json::array passwords;
  for (const std::string_view name : {"password", "password2"}) {
    passwords.push_back(
        json::object{{"name", name}, {"value", string_or(registry.hidden, name, "")}});
  }
  return json_response(
      200, json::object{{"username", registry.name}, {"passwords", std::move(passwords)}});
}

Answer regenerate_credential(Context& context, const Call& call) {
  auto registry = require_admin(context, call);
  if (!registry) return fail(std::move(registry).error());
  const std::string name = string_or(call.body, "name", "");
  if (name != "password" && name != "password2") {
    return refuse(
        registry_error(400, "InvalidPasswordName", "The name is 'password' or 'password2'."));
  }
  registry->hidden[name] = random_password();
  auto saved = context.store.save(*registry);
  if (!saved) return fail(std::move(saved).error());
  return credentials_response(*registry);
}

Answer check_name(Context& context, const Call& call) {
  const std::string name = string_or(call.body, "name", "");
  auto taken = context.store.find_named(kRegistryType, name);
  if (!taken) return fail(std::move(taken).error());
  json::object body{{"nameAvailable", valid_name(name) && !*taken}};
  if (!valid_name(name)) {
    body["reason"] = "Invalid";
    body["message"] = fmt::format("The registry name {} is invalid.", name);
  } else if (*taken) {
    body["reason"] = "AlreadyExists";
    body["message"] = fmt::format("The registry {} is already in use.", name);
  }
  return json_response(200, body);
}

}  // namespace

void add_registry_async_headers(const Context& context, const Call& call, const Resource& registry,
                                const std::string& operation, HttpResponse& response) {
  response.headers.set(
      "Azure-AsyncOperation",
      fmt::format("{}{}/operationStatuses/{}?api-version={}", context.endpoints.management_url(),
                  registry.id, operation, call.api_version));
  add_retry_after(context, response);
}

void add_registry_routes(Context& context, Routes& routes) {
  context.on_completion(std::string(kRegistryType), [](Resource& registry) {
    registry.document["properties"].get_object()["provisioningState"] = "Succeeded";
  });
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  add_read_routes(context, routes, kRegistryType);
  routes.add_resource("PUT", kRegistryType, "", bind(put));
  routes.add_resource("PATCH", kRegistryType, "", bind(patch));
  routes.add_resource("DELETE", kRegistryType, "", bind(remove));
  routes.add_resource("POST", kRegistryType, "/listCredentials",
                      [&context](const Call& call) -> Answer {
                        auto registry = require_admin(context, call);
                        if (!registry) return fail(std::move(registry).error());
                        return credentials_response(*registry);
                      });
  routes.add_resource("POST", kRegistryType, "/regenerateCredential", bind(regenerate_credential));
  routes.add(
      "POST",
      fmt::format("{}/providers/Microsoft.ContainerRegistry/checkNameAvailability", kSubscription),
      bind(check_name));
}

std::optional<RegistryInfo> read_registry(Context& context, const Resource& registry) {
  const json::object& properties = object_of(registry.document, "properties");
  if (string_or(properties, "provisioningState", "") != "Succeeded") return std::nullopt;
  RegistryInfo info;
  info.name = registry.name;
  info.login_server = Endpoints::registry_host(registry.name);
  info.admin_enabled = bool_or(properties, "adminUserEnabled", false);
  for (const std::string_view name : {"password", "password2"}) {
    info.admin_passwords.emplace_back(string_or(registry.hidden, name, ""));
  }
  info.tokens = read_registry_tokens(context, registry);
  return info;
}

}  // namespace drydock::arm
