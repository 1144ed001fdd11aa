// SPDX-License-Identifier: Apache-2.0
// Microsoft.Authorization/locks, api-version 2020-05-01 (and 2016-09-01). What they forbid is in
// access.cpp.
#include "base/encoding.hpp"
#include "drydock/arm/access.hpp"
#include "drydock/arm/extension_scope.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 260 &&
         name.find_first_of("<>%&:?/\\") == std::string_view::npos;
}

Answer put(Context& context, const Call& call) {
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  const std::string& name = call.path.at("name");
  const json::object& wanted = object_of(call.body, "properties");
  const std::string level = string_or(wanted, "level", "");
  const std::string notes = string_or(wanted, "notes", "");
  if (!valid_name(name) || notes.size() > 512 || (level != "CanNotDelete" && level != "ReadOnly")) {
    return refuse(arm_error(400, "InvalidLock",
                            "A lock has a name, the level CanNotDelete or ReadOnly, and notes of "
                            "at most 512 characters."));
  }
  Resource lock = extension_resource(context, *scope, kLockType, name);
  auto existing = context.store.find(lock.id);
  if (!existing) return fail(std::move(existing).error());
  json::object properties{{"level", level}};
  if (!notes.empty()) properties["notes"] = notes;
  lock.document["properties"] = std::move(properties);
  auto saved = context.store.save(lock);
  if (!saved) return fail(std::move(saved).error());
  return json_response(*existing ? 200 : 201, lock.document);
}

Outcome<std::optional<Resource>> find_lock(Context& context, const Call& call) {
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  auto lock = context.store.find(
      fmt::format("{}/providers/{}/{}", *scope, kLockType, call.path.at("name")));
  if (!lock) return fail(std::move(lock).error());
  return *std::move(lock);
}

Answer get(Context& context, const Call& call) {
  auto lock = find_lock(context, call);
  if (!lock) return fail(std::move(lock).error());
  if (*lock) return json_response(200, (*lock)->document);
  return refuse(arm_error(404, "LockNotFound",
                          fmt::format("The lock '{}' could not be found.", call.path.at("name"))));
}

Answer remove(Context& context, const Call& call) {
  auto lock = find_lock(context, call);
  if (!lock) return fail(std::move(lock).error());
  if (!*lock) return empty_response(204);
  auto removed = context.store.remove((*lock)->id);
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

// The locks of the scope and of what lies in it; with "atScope()" only those that hold for it.
Answer list(Context& context, const Call& call) {
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  const std::string filter = to_lower(call.request.query_value("$filter").value_or(""));
  const bool at_scope = filter.find("atscope()") != std::string::npos;
  auto all = context.store.list_all(kLockType);
  if (!all) return fail(std::move(all).error());
  json::array values;
  for (const Resource& lock : *all) {
    const bool above = is_within(*scope, lock.parent);
    const bool below = !at_scope && is_within(lock.parent, *scope);
    if (above || below) values.push_back(lock.document);
  }
  return json_response(200, json::object{{"value", std::move(values)}});
}

}  // namespace

void add_lock_routes(Context& context, Routes& extensions) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  const std::string all = fmt::format("/providers/{}", kLockType);
  const std::string one = all + "/{name}";
  extensions.add("GET", all, bind(list));
  extensions.add("GET", one, bind(get));
  extensions.add("PUT", one, bind(put));
  extensions.add("DELETE", one, bind(remove));
}

}  // namespace drydock::arm
