// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/hub_event.hpp"

#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {
namespace {

// The members of `patch` with their metadata and the section's version.
json::object changed_part(const Section& section, const json::object& patch) {
  json::object metadata;
  for (const auto& member : section.metadata) {
    const std::string_view name = member.key();
    if (name.starts_with('$') || patch.contains(name)) metadata[name] = member.value();
  }
  json::object part = patch;
  part["$metadata"] = std::move(metadata);
  part["$version"] = section.version;
  return part;
}

}  // namespace

json::object twin_update_body(const Twin& twin, const TwinPatch& patch) {
  json::object body{{"version", twin.version}};
  if (patch.tags != nullptr) body["tags"] = *patch.tags;
  json::object properties;
  if (patch.desired != nullptr) properties["desired"] = changed_part(twin.desired, *patch.desired);
  if (patch.reported != nullptr) {
    properties["reported"] = changed_part(twin.reported, *patch.reported);
  }
  if (!properties.empty()) body["properties"] = std::move(properties);
  return body;
}

json::object twin_body(const Entity& entity) {
  const EntityKey& key = entity.identity.key;
  json::object body{{"deviceId", key.device}};
  if (!key.module.empty()) body["moduleId"] = key.module;
  body["etag"] = twin_etag(entity.twin.etag);
  body["version"] = entity.twin.version;
  if (!entity.twin.tags.empty()) body["tags"] = entity.twin.tags;
  body["properties"] = json::object{{"desired", section_with_metadata(entity.twin.desired)},
                                    {"reported", section_with_metadata(entity.twin.reported)}};
  return body;
}

json::object connection_body(ferry::Timestamp time, std::uint64_t count) {
  const auto milliseconds = static_cast<std::uint64_t>(time.time_since_epoch().count());
  return {{"sequenceNumber", fmt::format("{:032X}{:032X}", milliseconds, count)}};
}

}  // namespace drydock::iot_hub
