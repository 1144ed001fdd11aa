// SPDX-License-Identifier: Apache-2.0
// Microsoft.Storage/storageAccounts, api-version 2023-05-01.
#include <array>

#include "base/encoding.hpp"
#include "drydock/arm/keys.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

constexpr std::size_t kKeySize = 64;
constexpr std::string_view kBlobServiceType = "Microsoft.Storage/storageAccounts/blobServices";

bool valid_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 24 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

Outcome<json::object> make_sku(const json::object& body, const json::object& before) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "Standard_LRS",  "Standard_GRS",    "Standard_RAGRS", "Standard_ZRS",
      "Standard_GZRS", "Standard_RAGZRS", "Premium_LRS",    "Premium_ZRS"};
  const std::string name =
      string_or(object_of(body, "sku"), "name", string_or(object_of(before, "sku"), "name", ""));
  if (std::ranges::find(kNames, name) == kNames.end()) {
    return refuse(
        arm_error(400, "InvalidAccountType", fmt::format("The AccountType {} is invalid.", name)));
  }
  return json::object{{"name", name},
                      {"tier", name.starts_with("Premium") ? "Premium" : "Standard"}};
}

Outcome<std::string> make_kind(const json::object& body, const json::object& before) {
  static constexpr std::array<std::string_view, 5> kKinds = {"Storage", "StorageV2", "BlobStorage",
                                                             "FileStorage", "BlockBlobStorage"};
  std::string kind = string_or(body, "kind", string_or(before, "kind", ""));
  if (std::ranges::find(kKinds, kind) == kKinds.end()) {
    return refuse(arm_error(400, "InvalidRequestPropertyValue",
                            fmt::format("The value '{}' is not allowed for property kind.", kind)));
  }
  return kind;
}

json::object default_properties() {
  json::object service{{"enabled", true}, {"keyType", "Account"}};
  return {{"accessTier", "Hot"},
          {"allowBlobPublicAccess", false},
          {"allowCrossTenantReplication", false},
          {"allowSharedKeyAccess", true},
          {"minimumTlsVersion", "TLS1_0"},
          {"supportsHttpsTrafficOnly", true},
          {"publicNetworkAccess", "Enabled"},
          {"networkAcls", json::object{{"bypass", "AzureServices"},
                                       {"defaultAction", "Allow"},
                                       {"ipRules", json::array()},
                                       {"virtualNetworkRules", json::array()}}},
          {"encryption",
           json::object{{"keySource", "Microsoft.Storage"},
                        {"services", json::object{{"blob", service}, {"file", service}}}}},
          {"privateEndpointConnections", json::array()}};
}

// Members that only the service writes.
void add_read_only(const Context& context, const Resource& account, std::string_view state,
                   json::object& properties) {
  const std::string created = string_or(account.hidden, "created", "");
  properties["provisioningState"] = state;
  properties["creationTime"] = created;
  properties["keyCreationTime"] = json::object{{"key1", string_or(account.hidden, "key1At", "")},
                                               {"key2", string_or(account.hidden, "key2At", "")}};
  properties["primaryLocation"] = string_or(account.document, "location", "");
  properties["statusOfPrimary"] = "available";
  properties["primaryEndpoints"] =
      json::object{{"blob", context.endpoints.blob_url(account.name) + "/"}};
}

// Lays `wanted` over what there was: an account's PUT and PATCH leave alone what they do not name.
Outcome<void> apply_body(Context& context, const json::object& body, std::string_view state,
                         Resource& account) {
  auto sku = make_sku(body, account.document);
  if (!sku) return fail(std::move(sku).error());
  auto kind = make_kind(body, account.document);
  if (!kind) return fail(std::move(kind).error());
  const json::object* before = find_object(account.document, "properties");
  json::object properties = before != nullptr ? *before : default_properties();
  for (const auto& member : object_of(body, "properties")) {
    if (!member.value().is_null()) properties[member.key()] = member.value();
  }
  add_read_only(context, account, state, properties);
  json::object document{
      {"id", account.id},     {"name", account.name},
      {"type", kStorageType}, {"location", string_or(account.document, "location", "")},
      {"kind", *kind},        {"sku", *std::move(sku)}};
  const json::object* tags = find_object(body, "tags");
  document["tags"] = tags != nullptr ? *tags : object_of(account.document, "tags");
  document["properties"] = std::move(properties);
  account.document = std::move(document);
  return {};
}

Answer create(Context& context, const Call& call, const WriteTarget& target) {
  const std::string& name = call.path.at("name");
  if (!valid_name(name)) {
    return refuse(arm_error(400, "AccountNameInvalid",
                            fmt::format("{} is not a valid storage account name. Storage account "
                                        "name must be between 3 and 24 characters in length and "
                                        "use numbers and lower-case letters only.",
                                        name)));
  }
  auto taken = context.store.find_named(kStorageType, name);
  if (!taken) return fail(std::move(taken).error());
  if (*taken) {
    return refuse(arm_error(409, "StorageAccountAlreadyTaken",
                            fmt::format("The storage account named {} is already taken.", name)));
  }
  const std::string now = format_rfc3339(context.clock.now());
  Resource account;
  account.id = resource_id(context, target.group.name, kStorageType, name);
  account.type = std::string(kStorageType);
  account.group = target.group.name;
  account.name = name;
  account.document["location"] = target.location;
  account.hidden = {{"key1", random_key(kKeySize)},
                    {"key2", random_key(kKeySize)},
                    {"key1At", now},
                    {"key2At", now},
                    {"created", now}};
  auto applied = apply_body(context, call.body, "Creating", account);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(account);
  if (!saved) return fail(std::move(saved).error());
  auto operation = context.start(OperationKind::write, account.id);
  if (!operation) return fail(std::move(operation).error());
  HttpResponse response = empty_response(202);
  const std::string path = fmt::format(
      "/providers/Microsoft.Storage/locations/{}/asyncoperations/{}", target.location, *operation);
  response.headers.set("Location", polling_url(context, path, call, "&monitor=true"));
  add_retry_after(context, response);
  return response;
}

Answer change(Context& context, const Call& call, Resource account) {
  auto free = refuse_while_running(context, account);
  if (!free) return fail(std::move(free).error());
  auto applied = apply_body(context, call.body, "Succeeded", account);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(account);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, account.document);
}

Answer put(Context& context, const Call& call) {
  auto target = prepare_write(context, call, kStorageType);
  if (!target) return fail(std::move(target).error());
  if (target->existing) return change(context, call, *target->existing);
  return create(context, call, *target);
}

Answer patch(Context& context, const Call& call) {
  auto account = require_resource(context, call, kStorageType);
  if (!account) return fail(std::move(account).error());
  return change(context, call, *std::move(account));
}

Answer remove(Context& context, const Call& call) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  auto account = require_resource(context, call, kStorageType);
  if (!account) return empty_response(204);
  auto free = refuse_while_running(context, *account);
  if (!free) return fail(std::move(free).error());
  auto removed = context.remove(*account);
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

HttpResponse keys_response(const Resource& account) {
  json::array keys;
  for (const std::string name : {"key1", "key2"}) {
    keys.push_back(json::object{{"creationTime", string_or(account.hidden, name + "At", "")},
                                {"keyName", name},
                                {"value", string_or(account.hidden, name, "")},
                                {"permissions", "FULL"}});
  }
  return json_response(200, json::object{{"keys", std::move(keys)}});
}

Outcome<Resource> require_ready(Context& context, const Call& call) {
  auto account = require_resource(context, call, kStorageType);
  if (!account) return account;
  if (string_or(object_of(account->document, "properties"), "provisioningState", "") ==
      "Succeeded") {
    return account;
  }
  return refuse(arm_error(409, "StorageAccountIsNotProvisioned",
                          "The storage account provisioning state must be 'Succeeded' before "
                          "executing the operation."));
}

Answer regenerate_key(Context& context, const Call& call) {
  auto account = require_ready(context, call);
  if (!account) return fail(std::move(account).error());
  const std::string name = string_or(call.body, "keyName", "");
  if (name != "key1" && name != "key2") {
    return refuse(
        arm_error(400, "InvalidRequestPropertyValue",
                  fmt::format("The value '{}' is not allowed for property keyName.", name)));
  }
  account->hidden[name] = random_key(kKeySize);
  account->hidden[name + "At"] = format_rfc3339(context.clock.now());
  add_read_only(context, *account, "Succeeded", account->document["properties"].get_object());
  auto saved = context.store.save(*account);
  if (!saved) return fail(std::move(saved).error());
  return keys_response(*account);
}

Answer check_name(Context& context, const Call& call) {
  const std::string name = string_or(call.body, "name", "");
  if (string_or(call.body, "type", "") != kStorageType) {
    return refuse(arm_error(400, "InvalidRequestContent",
                            "The property 'type' must be 'Microsoft.Storage/storageAccounts'."));
  }
  auto taken = context.store.find_named(kStorageType, name);
  if (!taken) return fail(std::move(taken).error());
  json::object body{{"nameAvailable", valid_name(name) && !*taken}};
  if (!valid_name(name)) {
    body["reason"] = "AccountNameInvalid";
    body["message"] = fmt::format("{} is not a valid storage account name.", name);
  } else if (*taken) {
    body["reason"] = "AlreadyExists";
    body["message"] = fmt::format("The storage account named {} is already taken.", name);
  }
  return json_response(200, body);
}

// Properties of the blob service; there is exactly one, "default".
Answer blob_service(Context& context, const Call& call) {
  auto account = require_ready(context, call);
  if (!account) return fail(std::move(account).error());
  const bool writes = call.request.method == "PUT";
  json::object properties = object_of(account->hidden, "blobService");
  if (properties.empty()) {
    properties = {{"cors", json::object{{"corsRules", json::array()}}},
                  {"deleteRetentionPolicy",
                   json::object{{"allowPermanentDelete", false}, {"enabled", false}}}};
  }
  if (writes) {
    for (const auto& member : object_of(call.body, "properties")) {
      properties[member.key()] = member.value();
    }
    account->hidden["blobService"] = properties;
    auto saved = context.store.save(*account);
    if (!saved) return fail(std::move(saved).error());
  }
  return json_response(200, json::object{{"id", account->id + "/blobServices/default"},
                                         {"name", "default"},
                                         {"type", kBlobServiceType},
                                         {"sku", object_of(account->document, "sku")},
                                         {"properties", std::move(properties)}});
}

}  // namespace

void add_storage_account_routes(Context& context, Routes& routes) {
  context.on_completion(std::string(kStorageType), [](Resource& account) {
    account.document["properties"].get_object()["provisioningState"] = "Succeeded";
  });
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  add_read_routes(context, routes, kStorageType);
  routes.add_resource("PUT", kStorageType, "", bind(put));
  routes.add_resource("PATCH", kStorageType, "", bind(patch));
  routes.add_resource("DELETE", kStorageType, "", bind(remove));
  routes.add_resource("POST", kStorageType, "/regenerateKey", bind(regenerate_key));
  routes.add_resource("POST", kStorageType, "/listKeys", [&context](const Call& call) -> Answer {
    auto account = require_ready(context, call);
    if (!account) return fail(std::move(account).error());
    return keys_response(*account);
  });
  routes.add_resource("GET", kStorageType, "/blobServices/default", bind(blob_service));
  routes.add_resource("PUT", kStorageType, "/blobServices/default", bind(blob_service));
  routes.add("POST",
             fmt::format("{}/providers/Microsoft.Storage/checkNameAvailability", kSubscription),
             bind(check_name));
}

std::optional<StorageAccountInfo> read_storage_account(Context&, const Resource& account) {
  if (string_or(object_of(account.document, "properties"), "provisioningState", "") !=
      "Succeeded") {
    return std::nullopt;
  }
  return StorageAccountInfo{account.name, Secret(string_or(account.hidden, "key1", "")),
                            Secret(string_or(account.hidden, "key2", ""))};
}

}  // namespace drydock::arm
