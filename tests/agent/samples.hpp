// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/reconcile.hpp"

namespace ferry::agent {

inline const Timestamp kNow = from_unix_seconds(1'800'000'000);

inline json::object desired_document(std::string_view modules, std::int64_t version = 7) {
  const std::string text = fmt::format(
      R"({{"schemaVersion":"1.1","$version":{},
           "runtime":{{"type":"docker","settings":{{"minDockerVersion":"v1.25","loggingOptions":"",
             "registryCredentials":{{"acme":{{"username":"u","password":"hush","address":"acme.example"}}}}}}}},
           "systemModules":{{"edgeAgent":{{"type":"docker","settings":{{"image":"agent:1"}}}},
             "edgeHub":{{"type":"docker","status":"running","restartPolicy":"always",
               "settings":{{"image":"hub:1"}}}}}},
           "modules":{}}})",
      version, modules);
  return parse_json_object(text).value();
}

inline ModuleSpec module_spec(std::string name, std::string image = "acme.example/app@sha256:1") {
  ModuleSpec spec;
  spec.name = std::move(name);
  spec.image = std::move(image);
  spec.restart_policy = RestartPolicy::always;
  return spec;
}

// A container as it would be made from `spec`.
inline ObservedContainer container_of_spec(const ModuleSpec& spec,
                                           ContainerState state = ContainerState::running,
                                           std::string id = {}) {
  ObservedContainer container;
  container.id = id.empty() ? "c-" + spec.name : std::move(id);
  container.module = spec.name;
  container.fingerprint = spec.fingerprint("hub.example");
  container.state = state;
  container.version = spec.version;
  container.image = spec.image;
  container.create_options = spec.create_options;
  container.env = json::serialize(spec.env);
  container.started_at = kNow - std::chrono::minutes(1);
  if (state == ContainerState::exited) container.finished_at = kNow - std::chrono::seconds(1);
  return container;
}

}  // namespace ferry::agent
