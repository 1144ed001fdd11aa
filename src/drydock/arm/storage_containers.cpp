// SPDX-License-Identifier: Apache-2.0
// Microsoft.Storage/storageAccounts/blobServices/containers: the same containers that Blob Storage
// offers, by way of Resource Manager.
#include "base/encoding.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

constexpr std::string_view kContainerType =
    "Microsoft.Storage/storageAccounts/blobServices/containers";

// 3 to 63 lower-case letters, digits and single hyphens between them.
bool valid_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63 || name.starts_with('-') || name.ends_with('-')) {
    return false;
  }
  return name.find("--") == std::string_view::npos && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// The account, and the keeper when there is one.
struct Place {
  Resource account;
  ContainerKeeper* keeper = nullptr;
};

Outcome<Place> require_place(Context& context, const Call& call) {
  auto account = require_resource(context, call, kStorageType);
  if (!account) return fail(std::move(account).error());
  if (context.containers != nullptr) return Place{*std::move(account), context.containers};
  return refuse(arm_error(503, "ServiceUnavailable", "Blob Storage is not there."));
}

json::object document_of(const Resource& account, const ContainerInfo& container) {
  json::object metadata;
  for (const auto& [name, value] : container.metadata) metadata[name] = value;
  json::object properties{
      {"publicAccess", "None"},    {"leaseStatus", "Unlocked"},
      {"leaseState", "Available"}, {"hasImmutabilityPolicy", false},
      {"hasLegalHold", false},     {"lastModifiedTime", format_rfc3339(container.modified)}};
  if (!metadata.empty()) properties["metadata"] = std::move(metadata);
  return {{"id", fmt::format("{}/blobServices/default/containers/{}", account.id, container.name)},
          {"name", container.name},
          {"type", kContainerType},
          {"etag", container.etag},
          {"properties", std::move(properties)}};
}

HttpResponse not_found(std::string_view name) {
  return arm_error(404, "ContainerNotFound",
                   fmt::format("The specified container '{}' does not exist.", name));
}

Answer get(Context& context, const Call& call) {
  auto place = require_place(context, call);
  if (!place) return fail(std::move(place).error());
  const std::string& name = call.path.at("container");
  auto found = place->keeper->container_of(place->account.name, name);
  if (!found) return fail(std::move(found).error());
  if (!*found) return refuse(not_found(name));
  return json_response(200, document_of(place->account, **found));
}

Answer put(Context& context, const Call& call) {
  auto place = require_place(context, call);
  if (!place) return fail(std::move(place).error());
  const std::string& name = call.path.at("container");
  if (!valid_name(name)) {
    return refuse(arm_error(400, "InvalidResourceName",
                            fmt::format("The container name '{}' is invalid.", name)));
  }
  const std::string access = string_or(object_of(call.body, "properties"), "publicAccess", "None");
  if (access != "None") {
    return refuse(arm_error(409, "PublicAccessNotPermitted",
                            "Public access is not permitted on this storage account."));
  }
  auto created = place->keeper->make_container(place->account.name, name);
  if (!created) return fail(std::move(created).error());
  auto found = place->keeper->container_of(place->account.name, name);
  if (!found) return fail(std::move(found).error());
  if (!*found) return refuse(not_found(name));
  return json_response(*created ? 201 : 200, document_of(place->account, **found));
}

Answer remove(Context& context, const Call& call) {
  auto place = require_place(context, call);
  if (!place) return fail(std::move(place).error());
  auto removed = place->keeper->drop_container(place->account.name, call.path.at("container"));
  if (!removed) return fail(std::move(removed).error());
  return empty_response(*removed ? 200 : 204);
}

Answer list(Context& context, const Call& call) {
  auto place = require_place(context, call);
  if (!place) return fail(std::move(place).error());
  auto containers = place->keeper->containers_of(place->account.name);
  if (!containers) return fail(std::move(containers).error());
  json::array values;
  for (const ContainerInfo& container : *containers) {
    values.push_back(document_of(place->account, container));
  }
  return page_response(context, call, std::move(values));
}

}  // namespace

void add_storage_container_routes(Context& context, Routes& routes) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  const std::string all = "/blobServices/default/containers";
  const std::string one = all + "/{container}";
  routes.add_resource("GET", kStorageType, all, bind(list));
  routes.add_resource("GET", kStorageType, one, bind(get));
  routes.add_resource("PUT", kStorageType, one, bind(put));
  routes.add_resource("DELETE", kStorageType, one, bind(remove));
}

}  // namespace drydock::arm
