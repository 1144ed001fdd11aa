// SPDX-License-Identifier: Apache-2.0
// component.json: what its author says of one version of a component.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "fleet/setting_schema.hpp"
#include "fleet/version_range.hpp"

namespace ferry::fleet {

struct ManifestFile {
  std::string source;                 // path of the file as uploaded, relative
  std::string target;                 // absolute path in the image
  std::optional<std::uint32_t> mode;  // overrides the uploaded file's mode
};

// Members of component.json:
//   name          required; lower-case letters, digits, hyphens; starts and ends alphanumeric; max
//   63 version       required; semantic version 2.0.0 description   text platforms ["linux/amd64",
//   ...]; default ["linux/amd64"] base          "scratch" (default) or "repository:tag" in the
//   workspace's registry files         [{"source": "bin/x", "target": "/app/x", "mode": "0755"}],
//   or {"bin/x": "/app/x"};
//                 default: every uploaded file under /app/
//   entrypoint    ["/app/x"]
//   cmd           ["--fast"]
//   env           {"NAME": "value"}, also numbers and booleans
//   workdir       absolute path
//   user          "1000", "1000:1000", "nobody"
//   createOptions object: Docker's ContainerCreate
//   restartPolicy "always" (default), "on-failure", "on-unhealthy", "never"
//   startupOrder  whole number, small first
//   dependsOn     {"broker": ">=1.2.0 <2.0.0"}: components that must run beside it, and started
//   before labels        {"key": "value"}
//   configuration the JSON Schema of its settings, see fleet/setting_schema.hpp
//   requires      ["gpu"]: capabilities that a group or node must have
// An unknown member is an error: a misspelt one must not be lost silently.
struct Manifest {
  std::string name;
  std::string version;
  std::string description;
  std::vector<std::string> platforms;
  std::string base = "scratch";
  std::optional<std::vector<ManifestFile>> files;
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  json::object env;  // name -> string, number or boolean
  std::string workdir;
  std::string user;
  json::object create_options;
  std::string restart_policy = "always";
  std::optional<std::uint32_t> startup_order;
  std::map<std::string, VersionRange> depends_on;
  std::map<std::string, std::string> labels;
  std::shared_ptr<const SettingSchema> configuration;  // null: nothing to configure
  std::vector<std::string> required_capabilities;      // sorted
};

// The error names the member: "component.json: 'version' must be ...".
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace ferry::fleet
