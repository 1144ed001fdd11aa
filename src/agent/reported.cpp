// SPDX-License-Identifier: Apache-2.0
#include "agent/reported.hpp"

#include <algorithm>

namespace ferry::agent {
namespace {

constexpr std::string_view kNever = "0001-01-01T00:00:00";
constexpr std::size_t kLongestDescription = 1000;

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string time_or_never(const std::optional<Timestamp>& time) {
  return time ? format_rfc3339(*time) : std::string(kNever);
}

// Never ends inside a UTF-8 sequence: the hub would refuse the whole patch.
std::string shorten(std::string text) {
  if (text.size() <= kLongestDescription) return text;
  std::size_t end = kLongestDescription;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The mapping that the Edge runtime uses, plus the agent's own states.
std::string_view runtime_status(const ReportInput& input, const ObservedContainer& container) {
  if (!input.agent_running) return "unknown";
  if (input.plan && contains(input.plan->given_up, container.module)) return "failed";
  if (input.plan && contains(input.plan->in_backoff, container.module)) return "backoff";
  switch (container.state) {
    case ContainerState::running:
      return "running";
    case ContainerState::dead:
      return "dead";
    case ContainerState::created:
    case ContainerState::paused:
    case ContainerState::restarting:
      return "stopped";
    case ContainerState::exited:
    case ContainerState::removing:
      return container.exit_code == 0 ? "stopped" : "failed";
  }
  return "unknown";
}

std::string status_description(const ReportInput& input, const std::string& module,
                               const ObservedContainer* container) {
  const auto record = input.world->records.find(module);
  if (record != input.world->records.end() && !record->second.last_error.empty()) {
    return shorten(record->second.last_error);
  }
  if (const auto download = input.downloads.find(module); download != input.downloads.end()) {
    return download->second;
  }
  if (!container) return "waiting";
  switch (container->state) {
    case ContainerState::running:
      return "running";
    case ContainerState::created:
      return "created";
    case ContainerState::paused:
      return "paused";
    case ContainerState::restarting:
      return "restarting";
    case ContainerState::removing:
      return "removing";
    case ContainerState::dead:
      return "dead";
    case ContainerState::exited:
      return fmt::format("exited with code {}", container->exit_code);
  }
  return "";
}

json::object settings_of(std::string_view image, std::string_view image_id) {
  json::object settings;
  settings["image"] = view(image);
  settings["imageHash"] = view(image_id);
  return settings;
}

// `container` is null while the module has none: its image is still on the way.
json::object module_entry(const ReportInput& input, const ModuleSpec& spec,
                          const ObservedContainer* container, bool complete) {
  json::object entry;
  entry["type"] = "docker";
  entry["version"] = container ? container->version : spec.version;
  entry["status"] = view(to_string(spec.status));
  entry["restartPolicy"] = view(to_string(spec.restart_policy));
  entry["imagePullPolicy"] = view(to_string(spec.image_pull_policy));
  if (spec.startup_order != UINT32_MAX) entry["startupOrder"] = spec.startup_order;
  entry["exitCode"] = container ? container->exit_code : 0;
  entry["statusDescription"] = status_description(input, spec.name, container);
  entry["lastStartTimeUtc"] =
      container ? time_or_never(container->started_at) : std::string(kNever);
  entry["lastExitTimeUtc"] =
      container ? time_or_never(container->finished_at) : std::string(kNever);
  const auto record = input.world->records.find(spec.name);
  const bool known = record != input.world->records.end();
  entry["restartCount"] = known ? record->second.restart_count : 0;
  entry["lastRestartTimeUtc"] =
      known ? time_or_never(record->second.last_restart) : std::string(kNever);
  entry["runtimeStatus"] =
      container ? view(runtime_status(input, *container)) : json::string_view("unknown");
  json::object settings =
      container ? settings_of(container->image, container->image_id) : settings_of(spec.image, "");
  if (complete) {
    const std::string& options = container ? container->create_options : spec.create_options;
    put_create_options(settings, options.empty() ? "{}" : options);
    json::object env = spec.env;
    if (container) {
      if (auto ran_with = parse_json_object(container->env)) env = *std::move(ran_with);
    }
    entry["env"] = std::move(env);
  }
  entry["settings"] = std::move(settings);
  return entry;
}

const ObservedContainer* container_of(const World& world, const std::string& module) {
  const ObservedContainer* found = nullptr;
  for (const auto& container : world.containers) {
    if (container.module != module) continue;
    if (!found || container.state == ContainerState::running) found = &container;
  }
  return found;
}

json::object modules_section(const ReportInput& input, bool complete) {
  json::object modules;
  for (const auto& [name, spec] : input.composition->modules) {
    const auto* container = container_of(*input.world, name);
    modules[name] = module_entry(input, spec, container, complete);
  }
  return modules;
}

// This program is edgeAgent and takes edgeHub's place only in part: it says so instead of
// pretending.
json::object system_modules(const ReportInput& input) {
  const std::string_view running = input.agent_running ? "running" : "unknown";
  json::object agent = {{"type", "docker"},
                        {"exitCode", 0},
                        {"statusDescription", view(running)},
                        {"lastStartTimeUtc", format_rfc3339(input.agent_started)},
                        {"lastExitTimeUtc", view(kNever)},
                        {"runtimeStatus", view(running)},
                        {"imagePullPolicy", "on-create"},
                        {"version", input.program_version}};
  json::object settings = settings_of("ferry-agent:" + input.program_version, "");
  settings["createOptions"] = "{}";
  agent["settings"] = std::move(settings);
  agent["env"] = json::object();
  json::object section = {{"edgeAgent", std::move(agent)}};
  if (input.composition && input.composition->edge_hub) {
    const json::object& wanted = *input.composition->edge_hub;
    const json::object* wanted_settings = find_object(wanted, "settings");
    section["edgeHub"] = {
        {"type", "docker"},
        {"status", string_or(wanted, "status", "running")},
        {"restartPolicy", string_or(wanted, "restartPolicy", "always")},
        {"imagePullPolicy", string_or(wanted, "imagePullPolicy", "on-create")},
        {"exitCode", 0},
        {"statusDescription", "not part of ferry-agent: messages of modules are not forwarded"},
        {"lastStartTimeUtc", view(kNever)},
        {"lastExitTimeUtc", view(kNever)},
        {"restartCount", 0},
        {"lastRestartTimeUtc", view(kNever)},
        {"runtimeStatus", "unknown"},
        {"settings",
         {{"image", wanted_settings ? string_or(*wanted_settings, "image", "") : ""},
          {"createOptions", "{}"}}}};
  }
  return section;
}

json::object build(const ReportInput& input, bool complete) {
  json::object reported;
  reported["schemaVersion"] = "1.0";
  reported["version"] = {{"version", input.program_version}, {"build", "ferry-agent"}};
  reported["lastDesiredVersion"] = input.last_desired.version;
  reported["lastDesiredStatus"] = {{"code", input.last_desired.code},
                                   {"description", input.last_desired.description}};
  if (input.fallen) {
    json::object returned{{"from", input.fallen->version},
                          {"reason", shorten(input.fallen->reason)},
                          {"at", format_rfc3339(input.fallen->at)}};
    if (input.composition) returned["to"] = input.composition->version;
    reported["ferry"] = {{"returned", std::move(returned)}};
  }
  json::object settings;
  settings["minDockerVersion"] = input.composition ? input.composition->min_docker_version : "";
  settings["loggingOptions"] = input.composition ? input.composition->logging_options : "";
  settings["registryCredentials"] = json::object();  // never shown back
  reported["runtime"] = {
      {"type", "docker"},
      {"platform",
       {{"os", input.os}, {"architecture", input.architecture}, {"version", input.engine_version}}},
      {"settings", std::move(settings)}};
  if (input.free_bytes) reported["disk"] = {{"freeBytes", coarse_bytes(*input.free_bytes)}};
  reported["systemModules"] = system_modules(input);
  reported["modules"] = input.composition ? modules_section(input, complete) : json::object();
  return reported;
}

}  // namespace

std::uint64_t coarse_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kMebibyte = 1024 * 1024;
  const std::uint64_t step = (bytes < 1024 * kMebibyte ? 16 : 256) * kMebibyte;
  return bytes / step * step;
}

json::object build_reported(const ReportInput& input) {
  json::object complete = build(input, true);
  if (json::serialize(complete).size() <= kReportedLimit) return complete;
  return build(input, false);
}

std::string describe_failures(const std::map<std::string, ModuleRecord>& records) {
  std::string text;
  for (const auto& [module, record] : records) {
    if (record.last_error.empty()) continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", module, record.last_error);
  }
  return shorten(std::move(text));
}

}  // namespace ferry::agent
