// SPDX-License-Identifier: Apache-2.0
#include "fleet/edge_deployment.hpp"

#include <algorithm>

#include "fleet/dependencies.hpp"
#include "fleet/twin_size.hpp"

namespace ferry::fleet {
namespace {

// A variable is a text, number or boolean; what is more is written as JSON.
json::value variable_value(const json::value& value) {
  if (value.is_object() || value.is_array()) return json::value(json::serialize(value));
  return value;
}

// What the settings add to the size of the entry.
std::int64_t settings_size(const Module& module) {
  std::int64_t size = 0;
  for (const auto& [name, value] : module.settings) {
    const auto* info = module.manifest().configuration->find(std::string(name));
    if (!info || info->delivery != Delivery::env) continue;
    size +=
        twin_text_size(info->variable) + twin_text_size("value") + twin_size(variable_value(value));
  }
  if (size > 0 && module.manifest().env.empty()) size += twin_text_size("env");
  return size;
}

// Pieces never cut a UTF-8 character in two.
std::vector<std::string_view> split_pieces(std::string_view text, std::size_t size) {
  std::vector<std::string_view> pieces;
  while (text.size() > size) {
    std::size_t end = size;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    if (end == 0) end = size;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  pieces.push_back(text);
  return pieces;
}

json::object docker_settings(std::string_view image, const json::object& create_options) {
  json::object settings{{"image", image}};
  const std::string text = json::serialize(create_options);
  std::size_t number = 0;
  for (const auto piece : split_pieces(text, kCreateOptionsPiece)) {
    const std::string key =
        number == 0 ? std::string("createOptions") : fmt::format("createOptions{:02}", number);
    settings[key] = piece;
    ++number;
  }
  return settings;
}

json::object module_entry(const Module& module,
                          const std::map<std::string, std::uint32_t>& startup_orders) {
  json::object entry{{"version", module.version},
                     {"type", "docker"},
                     {"status", "running"},
                     {"restartPolicy", module.manifest().restart_policy},
                     {"imagePullPolicy", "on-create"}};
  const auto order = startup_orders.find(module.name);
  if (order != startup_orders.end()) entry["startupOrder"] = order->second;
  auto env = module_env(module);
  if (!env.empty()) entry["env"] = std::move(env);
  entry["settings"] = docker_settings(module.published->image, module.manifest().create_options);
  return entry;
}

json::object credentials_entry(const std::optional<PullCredential>& credential) {
  if (!credential) return {};
  return json::object{{"ferry", json::object{{"username", credential->username},
                                             {"password", credential->password.reveal()},
                                             {"address", credential->registry}}}};
}

json::object runtime_entry(const std::optional<PullCredential>& credential) {
  return json::object{
      {"type", "docker"},
      {"settings", json::object{{"minDockerVersion", "v1.25"},
                                {"loggingOptions", ""},
                                {"registryCredentials", credentials_entry(credential)}}}};
}

json::object system_modules() {
  // What edgeHub opens for modules and leaf devices: MQTT, AMQP, HTTPS.
  const json::object ports{{"5671/tcp", json::array{json::object{{"HostPort", "5671"}}}},
                           {"8883/tcp", json::array{json::object{{"HostPort", "8883"}}}},
                           {"443/tcp", json::array{json::object{{"HostPort", "443"}}}}};
  const json::object hub_options{{"HostConfig", json::object{{"PortBindings", ports}}}};
  return json::object{
      {"edgeAgent",
       json::object{{"type", "docker"}, {"settings", docker_settings(kEdgeAgentImage, {})}}},
      {"edgeHub", json::object{{"type", "docker"},
                               {"status", "running"},
                               {"restartPolicy", "always"},
                               {"settings", docker_settings(kEdgeHubImage, hub_options)}}}};
}

}  // namespace

json::object edge_agent_desired(const Composition& composition,
                                const std::optional<PullCredential>& credential) {
  const auto orders = startup_orders(composition);
  json::object modules;
  for (const auto& module : composition.modules)
    modules[module.name] = module_entry(module, orders);
  return json::object{{"schemaVersion", "1.1"},
                      {"runtime", runtime_entry(credential)},
                      {"systemModules", system_modules()},
                      {"modules", std::move(modules)}};
}

json::object module_env(const Module& module) {
  json::object env;
  for (const auto& [name, value] : module.manifest().env) {
    env[name] = json::object{{"value", value}};
  }
  for (const auto& [name, value] : module.settings) {
    const auto* info = module.manifest().configuration->find(std::string(name));
    if (info && info->delivery == Delivery::env) {
      env[info->variable] = json::object{{"value", variable_value(value)}};
    }
  }
  return env;
}

json::object module_desired(const Module& module) {
  json::object desired;
  for (const auto& [name, value] : module.settings) {
    const auto* info = module.manifest().configuration->find(std::string(name));
    if (info && info->delivery == Delivery::twin) desired[name] = value;
  }
  return desired;
}

bool has_twin_settings(const Module& module) {
  const auto& schema = module.manifest().configuration;
  if (!schema) return false;
  return std::any_of(schema->settings().begin(), schema->settings().end(),
                     [](const auto& entry) { return entry.second.delivery == Delivery::twin; });
}

std::int64_t ManifestSizes::manifest_size(const Composition& composition,
                                          const std::optional<PullCredential>& credential) {
  static const std::int64_t kEmpty = twin_size(edge_agent_desired({}, std::nullopt));
  std::int64_t size = kEmpty + twin_size(credentials_entry(credential));
  for (const auto& module : composition.modules) {
    auto entry = entries_.find(module.published);
    if (entry == entries_.end()) {
      const Module bare{module.name, module.version, module.published};
      const auto measured = twin_text_size(module.name) + twin_size(module_entry(bare, {}));
      entry = entries_.emplace(module.published, measured).first;
    }
    size += entry->second;
    if (!module.settings.empty()) size += settings_size(module);
  }
  for (const auto& [name, order] : startup_orders(composition)) {
    size += twin_text_size("startupOrder") + twin_size(order);
  }
  return size;
}

json::object edge_hub_desired() {
  return json::object{{"schemaVersion", "1.1"},
                      {"routes", json::object{{"upstream", "FROM /messages/* INTO $upstream"}}},
                      {"storeAndForwardConfiguration", json::object{{"timeToLiveSecs", 7200}}}};
}

json::object edge_deployment_content(const Composition& composition,
                                     const std::optional<PullCredential>& credential) {
  const auto with = [](json::object desired) {
    return json::object{{"properties.desired", std::move(desired)}};
  };
  json::object modules{{"$edgeAgent", with(edge_agent_desired(composition, credential))},
                       {"$edgeHub", with(edge_hub_desired())}};
  for (const auto& module : composition.modules) {
    if (has_twin_settings(module)) modules[module.name] = with(module_desired(module));
  }
  return json::object{{"modulesContent", std::move(modules)}};
}

std::vector<std::string> check_twin_limits(const Module& module) {
  std::vector<std::string> problems;
  const std::string options = json::serialize(module.manifest().create_options);
  if (split_pieces(options, kCreateOptionsPiece).size() > kCreateOptionsPieces) {
    problems.push_back(fmt::format(
        "the createOptions of {} {} have {} bytes; a device takes {} "
        "at most",
        module.name, module.version, options.size(), kCreateOptionsPiece * kCreateOptionsPieces));
  }
  for (const auto& [name, entry] : module_env(module)) {
    check_twin_value(entry.at("value"),
                     fmt::format("the variable {} of {} {}", std::string_view(name), module.name,
                                 module.version),
                     problems);
  }
  if (!has_twin_settings(module)) return problems;
  const json::value desired(module_desired(module));
  const auto twin = fmt::format("the twin of {} {}", module.name, module.version);
  check_twin_value(desired, twin, problems);
  const auto size = twin_size(desired);
  if (size > kTwinSectionLimit) {
    problems.push_back(
        fmt::format("{} would have {} bytes; Azure allows {}", twin, size, kTwinSectionLimit));
  }
  return problems;
}

std::vector<std::string> check_twin_limits(const Composition& composition) {
  std::vector<std::string> problems;
  for (const auto& module : composition.modules) {
    for (auto& problem : check_twin_limits(module)) problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace ferry::fleet
