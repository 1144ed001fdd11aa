// SPDX-License-Identifier: Apache-2.0
// What the cloud wants this device to run: the desired properties of $edgeAgent (schema 1.0
// and 1.1), read into values. Anything that does not fit refuses the whole document, so that what
// runs now stays.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/secret.hpp"

namespace ferry::agent {

enum class DesiredStatus { running, stopped };
enum class RestartPolicy { never, on_failure, on_unhealthy, always };
enum class ImagePullPolicy { on_create, never };

std::string_view to_string(DesiredStatus status);
std::string_view to_string(RestartPolicy policy);
std::string_view to_string(ImagePullPolicy policy);

struct ModuleSpec {
  std::string name;
  std::string version;  // free text, only compared
  DesiredStatus status = DesiredStatus::running;
  RestartPolicy restart_policy = RestartPolicy::on_unhealthy;
  ImagePullPolicy image_pull_policy = ImagePullPolicy::on_create;
  std::uint32_t startup_order = UINT32_MAX;  // small ones first
  json::object env;                          // {"RATE": {"value": 5}}, as given
  std::string image;
  std::string create_options;  // the pieces joined: JSON text of an object, or empty

  // Changes exactly when the container has to be made anew. Restart policy, pull policy, order and
  // desired status are enforced from outside the container, so they are not part of it.
  std::string fingerprint(std::string_view hub_host) const;
};

struct RegistryCredential {
  std::string address;
  std::string username;
  Secret password;
};

struct Composition {
  std::int64_t version = 0;  // $version of the desired properties
  std::string min_docker_version;
  std::string logging_options;  // JSON text of a Docker LogConfig, or empty
  std::vector<RegistryCredential> registry_credentials;
  json::object edge_agent;               // systemModules.edgeAgent as given
  std::optional<json::object> edge_hub;  // systemModules.edgeHub as given
  std::map<std::string, ModuleSpec> modules;

  // The credential for the registry that `image` names, if there is one.
  const RegistryCredential* credential_for(std::string_view image) const;
};

// Why a desired document is not accepted, in the terms of lastDesiredStatus: 400 malformed, 412 a
// schema of another major version, 417 empty.
struct DesiredRefusal {
  int code = 400;
  std::string description;
};

tl::expected<Composition, DesiredRefusal> parse_composition(const json::object& desired);

// createOptions, createOptions01 ... createOptions99 in order (names compare without case), joined.
Result<std::string> join_create_options(const json::object& settings);
// The reverse, in pieces of 512 bytes, into `settings`.
void put_create_options(json::object& settings, std::string_view text);

// "reg.example/app@sha256:..." -> "reg.example"; Docker Hub when the first part is not a host.
std::string registry_of(std::string_view image);

}  // namespace ferry::agent
