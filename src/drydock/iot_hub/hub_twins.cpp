// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.hpp"
#include "drydock/iot_hub/deployment_engine.hpp"
#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {
namespace {

constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

std::string time_or_never(const std::optional<ferry::Timestamp>& time) {
  return time ? ferry::format_rfc3339(*time) : std::string(kNever);
}
std::string_view connection_state(const Entity& entity) {
  return entity.session ? "Connected" : "Disconnected";
}
json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

std::int64_t waiting_messages(const Hub& hub, const EntityKey& key) {
  return key.module.empty() ? hub.messages()->count(hub.name(), key.device).value_or(0) : 0;
}

query::Found own(json::value value) {
  return {nullptr, std::move(value)};
}

// Follows `path` from `index` on.
query::Found walk(const json::value* value, const query::Path& path, std::size_t index) {
  for (; value && index < path.size(); ++index) {
    const json::object* object = value->if_object();
    value = object ? object->if_contains(path[index]) : nullptr;
  }
  return {value, std::nullopt};
}

query::Found walk(const json::object& object, const query::Path& path, std::size_t index) {
  if (index >= path.size()) return own(object);
  return walk(object.if_contains(path[index]), path, index + 1);
}

query::Found find_section(const Section& section, const query::Path& path) {
  if (path.size() == 2) return own(section_with_metadata(section));
  if (path[2] == "$version") return own(section.version);
  if (path[2] == "$metadata") return walk(section.metadata, path, 3);
  return walk(section.values, path, 2);
}

query::Found find_mark(const Twin& twin, const query::Path& path) {
  if (path.size() < 2 || path.size() > 3) return {};
  const auto mark = twin.configurations.find(path[1]);
  if (mark == twin.configurations.end()) return {};
  if (path.size() == 2) return own(json::object{{"status", mark->second}});
  return path[2] == "status" ? own(json::value(mark->second)) : query::Found{};
}

}  // namespace

query::Found TwinSource::find(const query::Path& path) const {
  const Identity& identity = entity_.identity;
  const Twin& twin = entity_.twin;
  const auto is = [&](std::string_view word) { return ferry::equals_ignore_case(path[0], word); };
  if (is("tags")) return walk(twin.tags, path, 1);
  if (is("properties")) {
    if (path.size() < 2) return {};
    if (ferry::equals_ignore_case(path[1], "desired")) return find_section(twin.desired, path);
    if (ferry::equals_ignore_case(path[1], "reported")) return find_section(twin.reported, path);
    return {};
  }
  if (is("configurations")) return find_mark(twin, path);
  if (is("capabilities")) {
    if (path.size() == 2 && ferry::equals_ignore_case(path[1], "iotEdge") &&
        identity.key.module.empty()) {
      return own(identity.iot_edge);
    }
    return {};
  }
  if (path.size() > 1) return {};
  if (is("deviceId")) return own(json::value(identity.key.device));
  if (is("moduleId")) {
    return identity.key.module.empty() ? query::Found{} : own(json::value(identity.key.module));
  }
  if (is("status")) return own(device_.self.identity.enabled ? "enabled" : "disabled");
  if (is("connectionState")) return own(json::value(connection_state(entity_)));
  if (is("etag")) return own(json::value(twin_etag(twin.etag)));
  if (is("deviceEtag")) return own(json::value(registry_etag(identity.etag)));
  if (is("version")) return own(twin.version);
  if (is("lastActivityTime")) return own(json::value(time_or_never(entity_.last_activity)));
  if (is("authenticationType")) return own(json::value(to_string(identity.authentication)));
  if (is("deviceScope") && !identity.device_scope.empty()) {
    return own(json::value(identity.device_scope));
  }
  if (is("managedBy") && !identity.managed_by.empty()) {
    return own(json::value(identity.managed_by));
  }
  if (is("parentScopes")) return own(json::array());
  return {};
}

json::object identity_json(const Hub& hub, const Entity& entity) {
  const Identity& identity = entity.identity;
  json::object result{{"deviceId", identity.key.device}};
  if (!identity.key.module.empty()) {
    result["moduleId"] = identity.key.module;
    result["managedBy"] = text_or_null(identity.managed_by);
  }
  result["generationId"] = identity.generation_id;
  result["etag"] = registry_etag(identity.etag);
  result["connectionState"] = connection_state(entity);
  result["connectionStateUpdatedTime"] = time_or_never(entity.connection_changed);
  result["lastActivityTime"] = time_or_never(entity.last_activity);
  result["cloudToDeviceMessageCount"] = waiting_messages(hub, identity.key);
  result["authentication"] = authentication_json(identity);
  if (identity.key.module.empty()) {
    result["status"] = identity.enabled ? "enabled" : "disabled";
    result["statusReason"] = text_or_null(identity.status_reason);
    result["statusUpdatedTime"] = time_or_never(identity.status_updated);
    result["capabilities"] = json::object{{"iotEdge", identity.iot_edge}};
    if (!identity.device_scope.empty()) result["deviceScope"] = identity.device_scope;
    result["parentScopes"] = json::array();
  }
  return result;
}

json::object twin_json(const Hub& hub, const Device& device, const Entity& entity) {
  const Identity& identity = entity.identity;
  const Twin& twin = entity.twin;
  json::object result{{"deviceId", identity.key.device}};
  if (!identity.key.module.empty()) result["moduleId"] = identity.key.module;
  result["etag"] = twin_etag(twin.etag);
  result["deviceEtag"] = registry_etag(identity.etag);
  result["status"] = device.self.identity.enabled ? "enabled" : "disabled";
  result["statusUpdateTime"] = time_or_never(device.self.identity.status_updated);
  result["connectionState"] = connection_state(entity);
  result["lastActivityTime"] = time_or_never(entity.last_activity);
  result["cloudToDeviceMessageCount"] = waiting_messages(hub, identity.key);
  result["authenticationType"] = to_string(identity.authentication);
  result["x509Thumbprint"] =
      json::object{{"primaryThumbprint", text_or_null(identity.primary_thumbprint)},
                   {"secondaryThumbprint", text_or_null(identity.secondary_thumbprint)}};
  result["modelId"] = "";
  result["version"] = twin.version;
  result["tags"] = twin.tags;
  result["properties"] = json::object{{"desired", section_with_metadata(twin.desired)},
                                      {"reported", section_with_metadata(twin.reported)}};
  if (identity.key.module.empty()) {
    result["capabilities"] = json::object{{"iotEdge", identity.iot_edge}};
    if (!identity.device_scope.empty()) result["deviceScope"] = identity.device_scope;
  }
  if (!twin.configurations.empty()) {
    json::object marks;
    for (const auto& [id, status] : twin.configurations)
      marks[id] = json::object{{"status", status}};
    result["configurations"] = std::move(marks);
  }
  return result;
}

Hub::TwinChange read_twin_change(const json::object& body, bool replace) {
  Hub::TwinChange change;
  change.replace = replace;
  if (const auto* tags = ferry::find_object(body, "tags")) change.tags = *tags;
  if (const auto* properties = ferry::find_object(body, "properties")) {
    if (const auto* desired = ferry::find_object(*properties, "desired")) change.desired = *desired;
  }
  if (replace) {
    if (!change.tags) change.tags.emplace();
    if (!change.desired) change.desired.emplace();
  }
  return change;
}

void Hub::write_desired(Entity& entity, const json::object& patch) {
  apply_patch(entity.twin.desired, patch, now());
  ++entity.twin.version;
  ++entity.twin.etag;
  mark_dirty(entity);
  notifications_.push_back({entity.identity.key, patch, entity.twin.desired.version});
}

void Hub::set_desired(Entity& entity, const json::object& desired) {
  const json::object patch = difference(entity.twin.desired.values, desired);
  if (patch.empty()) return;
  write_desired(entity, patch);
  note_update(entity, {nullptr, &patch, nullptr});
}

void Hub::note_update(const Entity& entity, const TwinPatch& patch) {
  note(entity, HubEvent::Kind::twin_change, "updateTwin",
       [&] { return twin_update_body(entity.twin, patch); });
}

Outcome<json::object> Hub::change_desired(Entity& entity, const TwinChange& change) {
  const json::object wanted = without_meta(*change.desired);
  if (auto valid = validate_values(wanted); !valid) return refuse(std::move(valid).error());
  const json::object after =
      change.replace ? without_nulls(wanted) : merge_patch(entity.twin.desired.values, wanted);
  auto fits = validate_size(after, kSectionLimit, "properties.desired");
  if (!fits) return refuse(std::move(fits).error());
  json::object patch = change.replace ? difference(entity.twin.desired.values, after) : wanted;
  write_desired(entity, patch);
  return patch;
}

Outcome<Entity*> Hub::change_twin(const EntityKey& key, const TwinChange& change,
                                  std::string_view if_match) {
  auto found = require(key);
  if (!found) return found;
  Entity& entity = **found;
  Twin& twin = entity.twin;
  if (!if_match.empty() && if_match != "*" && if_match != twin_etag(twin.etag)) {
    return refuse(412001, "the ETag does not match: the twin was changed in the meantime");
  }
  std::optional<json::object> tags;
  if (change.tags) {
    if (auto valid = validate_values(*change.tags); !valid) return refuse(std::move(valid).error());
    tags = change.replace ? without_nulls(*change.tags) : merge_patch(twin.tags, *change.tags);
    auto fits = validate_size(*tags, kTagsLimit, "tags");
    if (!fits) return refuse(std::move(fits).error());
  }
  std::optional<json::object> desired;
  if (change.desired) {
    auto changed = change_desired(entity, change);
    if (!changed) return refuse(std::move(changed).error());
    desired = *std::move(changed);
  }
  if (tags) {
    twin.tags = *std::move(tags);
    ++twin.version;
    ++twin.etag;
    mark_dirty(entity);
  }
  if (change.replace) {
    note(entity, HubEvent::Kind::twin_change, "replaceTwin", [&] { return twin_body(entity); });
  } else {
    note_update(entity, {change.tags ? &*change.tags : nullptr, desired ? &*desired : nullptr});
  }
  Device& device = *find_device(key.device);
  DeploymentEngine(*this).device_changed(device);
  return &entity;
}

Outcome<std::int64_t> Hub::report(Entity& entity, const json::object& patch) {
  const json::object wanted = without_meta(patch);
  if (auto valid = validate_values(wanted); !valid) return refuse(std::move(valid).error());
  Section& reported = entity.twin.reported;
  auto fits =
      validate_size(merge_patch(reported.values, wanted), kSectionLimit, "properties.reported");
  if (!fits) return refuse(std::move(fits).error());
  apply_patch(reported, wanted, now());
  ++entity.twin.version;
  entity.last_activity = now();
  mark_dirty(entity);
  note_update(entity, {nullptr, nullptr, &wanted});
  DeploymentEngine(*this).reported_changed(*find_device(entity.identity.key.device));
  return reported.version;
}

}  // namespace drydock::iot_hub
