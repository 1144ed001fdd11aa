// SPDX-License-Identifier: Apache-2.0
#include "fleet/edge_deployment.hpp"

#include "fleet/dependencies.hpp"
#include "fleet/plan.hpp"

namespace ferry::fleet {
namespace {

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
  if (!module.manifest().env.empty()) {
    json::object env;
    for (const auto& [name, value] : module.manifest().env) {
      env[name] = json::object{{"value", value}};
    }
    entry["env"] = std::move(env);
  }
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

std::int64_t ManifestSizes::manifest_size(const Composition& composition,
                                          const std::optional<PullCredential>& credential) {
  static const std::size_t kEmpty = json::serialize(edge_agent_desired({}, std::nullopt)).size();
  const std::size_t no_credentials = json::serialize(json::object()).size();
  std::size_t size =
      kEmpty - no_credentials + json::serialize(credentials_entry(credential)).size();
  for (const auto& module : composition.modules) {
    const auto [entry, is_new] = entries_.emplace(module.published, 0);
    if (is_new) {
      const json::object alone{{module.name, module_entry(module, {})}};
      entry->second = static_cast<std::int64_t>(json::serialize(alone).size() - 2);  // the braces
    }
    size += static_cast<std::size_t>(entry->second);
  }
  if (!composition.modules.empty()) size += composition.modules.size() - 1;  // commas
  for (const auto& [name, order] : startup_orders(composition)) {
    size += fmt::formatted_size(R"("startupOrder":{},)", order);
  }
  return static_cast<std::int64_t>(size);
}

json::object edge_hub_desired() {
  return json::object{{"schemaVersion", "1.1"},
                      {"routes", json::object{{"upstream", "FROM /messages/* INTO $upstream"}}},
                      {"storeAndForwardConfiguration", json::object{{"timeToLiveSecs", 7200}}}};
}

json::object edge_deployment_content(const Composition& composition,
                                     const std::optional<PullCredential>& credential) {
  return json::object{
      {"modulesContent",
       json::object{{"$edgeAgent", json::object{{"properties.desired",
                                                 edge_agent_desired(composition, credential)}}},
                    {"$edgeHub", json::object{{"properties.desired", edge_hub_desired()}}}}}};
}

std::vector<std::string> check_twin_limits(const Composition& composition) {
  std::vector<std::string> problems;
  for (const auto& module : composition.modules) {
    const std::string options = json::serialize(module.manifest().create_options);
    if (split_pieces(options, kCreateOptionsPiece).size() > kCreateOptionsPieces) {
      problems.push_back(fmt::format(
          "the createOptions of {} {} have {} bytes; a device takes {} at most", module.name,
          module.version, options.size(), kCreateOptionsPiece * kCreateOptionsPieces));
    }
    for (const auto& [name, value] : module.manifest().env) {
      if (value.is_string() &&
          static_cast<std::int64_t>(value.as_string().size()) > kTwinValueLimit) {
        problems.push_back(
            fmt::format("the variable {} of {} {} has {} bytes; a value may have {} at most",
                        std::string_view(name), module.name, module.version,
                        value.as_string().size(), kTwinValueLimit));
      }
    }
  }
  return problems;
}

}  // namespace ferry::fleet
