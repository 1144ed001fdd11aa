// SPDX-License-Identifier: Apache-2.0
#include "agent/container_spec.hpp"

#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

json::object& member_object(json::object& parent, std::string_view name) {
  json::value& value = parent[view(name)];
  if (!value.is_object()) value = json::object();
  return value.as_object();
}

// Docker's own spelling of {"type": ..., "config": ...}, whatever case the manifest uses.
json::object log_config(std::string_view logging_options) {
  json::object config;
  const auto parsed = parse_json_object(logging_options);
  if (!parsed) return config;
  for (const auto& [key, value] : *parsed) {
    if (equals_ignore_case(key, "type")) config["Type"] = value;
    if (equals_ignore_case(key, "config")) config["Config"] = value;
  }
  return config;
}

void add_environment(json::object& body, const ModuleSpec& spec, const DeviceContext& device,
                     std::string_view generation_id) {
  json::array environment;
  if (const auto* given = find_array(body, "Env")) environment = *given;
  const auto add = [&](std::string_view name, std::string_view value) {
    environment.emplace_back(fmt::format("{}={}", name, value));
  };
  for (const auto& [name, entry] : spec.env) {
    add(name, env_text(*entry.as_object().if_contains("value")));
  }
  add("IOTEDGE_DEVICEID", device.device_id);
  add("IOTEDGE_MODULEID", spec.name);
  add("IOTEDGE_IOTHUBHOSTNAME", device.hub_host);
  add("IOTEDGE_GATEWAYHOSTNAME", device.host_name);
  add("IOTEDGE_AUTHSCHEME", "sasToken");
  add("IOTEDGE_APIVERSION", "2020-07-07");
  if (!generation_id.empty()) add("IOTEDGE_MODULEGENERATIONID", generation_id);
  body["Env"] = std::move(environment);
}

void add_labels(json::object& body, const ModuleSpec& spec, const DeviceContext& device) {
  json::object& labels = member_object(body, "Labels");
  const auto set = [&](std::string_view name, std::string_view value) {
    labels[view(name)] = view(value);
  };
  set(kOwnerLabel, kOwnerValue);
  set(kVersionLabel, spec.version);
  set(kImageLabel, spec.image);
  set(kCreateOptionsLabel, spec.create_options);
  set(kEnvLabel, json::serialize(spec.env));
  set(kInstanceLabel, device.instance);
  set(kModuleLabel, spec.name);
  set(kFingerprintLabel, spec.fingerprint(device.hub_host));
}

void add_network(json::object& body, const ModuleSpec& spec, const DeviceContext& device) {
  json::object& host = member_object(body, "HostConfig");
  const std::string mode = string_or(host, "NetworkMode", "");
  if (!mode.empty() && mode != "default") return;  // the manifest chose: host, none, another one
  if (const auto* networking = find_object(body, "NetworkingConfig")) {
    const auto* endpoints = find_object(*networking, "EndpointsConfig");
    if (endpoints && !endpoints->empty() && !endpoints->contains(view(device.network))) return;
  }
  host["NetworkMode"] = device.network;
  json::object& endpoints =
      member_object(member_object(body, "NetworkingConfig"), "EndpointsConfig");
  json::object& endpoint = member_object(endpoints, device.network);
  json::array aliases;
  if (const auto* given = find_array(endpoint, "Aliases")) aliases = *given;
  aliases.emplace_back(spec.name);
  endpoint["Aliases"] = std::move(aliases);
}

ContainerState parse_state(std::string_view text) {
  constexpr std::pair<std::string_view, ContainerState> kStates[] = {
      {"created", ContainerState::created},   {"running", ContainerState::running},
      {"paused", ContainerState::paused},     {"restarting", ContainerState::restarting},
      {"removing", ContainerState::removing}, {"exited", ContainerState::exited},
      {"dead", ContainerState::dead}};
  for (const auto& [name, state] : kStates) {
    if (name == text) return state;
  }
  return ContainerState::exited;
}

// Docker writes "0001-01-01T00:00:00Z" for never.
std::optional<Timestamp> parse_time(const json::object& state, std::string_view name) {
  const auto time = parse_rfc3339(string_or(state, name, ""));
  if (!time || unix_seconds(*time) <= 0) return {};
  return *time;
}

}  // namespace

std::string container_name(std::string_view instance, std::string_view module) {
  return fmt::format("ferry-{}-{}", instance, module);
}

std::string env_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return std::string(value.as_string());
    case json::kind::bool_:
      return value.as_bool() ? "true" : "false";
    case json::kind::double_:
      return fmt::format("{}", value.as_double());
    default:
      return json::serialize(value);
  }
}

Result<json::object> container_body(const ModuleSpec& spec, const Composition& composition,
                                    const DeviceContext& device, std::string_view generation_id) {
  json::object body;
  if (!spec.create_options.empty()) {
    auto options = parse_json_object(spec.create_options);
    if (!options) {
      return fail(std::move(options).error().with("createOptions of module {}", spec.name));
    }
    body = *std::move(options);
  }
  body["Image"] = spec.image;
  if (string_or(body, "Hostname", "").empty()) body["Hostname"] = spec.name.substr(0, 63);
  add_environment(body, spec, device, generation_id);
  add_labels(body, spec, device);
  add_network(body, spec, device);
  json::object& host = member_object(body, "HostConfig");
  // Two restarters would fight: this agent is the one that knows policy and back-off.
  host["RestartPolicy"] = {{"Name", "no"}};
  if (json::object config = log_config(composition.logging_options);
      !config.empty() && !host.contains("LogConfig")) {
    host["LogConfig"] = std::move(config);
  }
  return body;
}

Result<ObservedContainer> parse_listed_container(const json::value& entry) {
  if (!entry.is_object()) return fail(Code::unavailable, "the engine listed something else");
  const json::object& object = entry.as_object();
  auto id = require_string(object, "Id");
  if (!id) return fail(std::move(id).error());
  ObservedContainer container;
  container.id = *std::move(id);
  container.state = parse_state(string_or(object, "State", ""));
  container.image_id = string_or(object, "ImageID", "");
  if (const auto* labels = find_object(object, "Labels")) {
    container.module = string_or(*labels, kModuleLabel, "");
    container.fingerprint = string_or(*labels, kFingerprintLabel, "");
    container.version = string_or(*labels, kVersionLabel, "");
    container.image = string_or(*labels, kImageLabel, "");
    container.create_options = string_or(*labels, kCreateOptionsLabel, "");
    container.env = string_or(*labels, kEnvLabel, "{}");
  }
  return container;
}

void add_inspection(ObservedContainer& container, const json::object& inspection) {
  const auto* state = find_object(inspection, "State");
  if (!state) return;
  container.state = parse_state(string_or(*state, "Status", ""));
  container.exit_code = static_cast<int>(int_or(*state, "ExitCode", 0));
  container.started_at = parse_time(*state, "StartedAt");
  container.finished_at = parse_time(*state, "FinishedAt");
}

}  // namespace ferry::agent
