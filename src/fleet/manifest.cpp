// SPDX-License-Identifier: Apache-2.0
#include "fleet/manifest.hpp"

#include <algorithm>
#include <array>

#include "fleet/names.hpp"

namespace ferry::fleet {
namespace {

constexpr std::array kMembers{"name",          "version",       "description", "platforms",
                              "base",          "files",         "entrypoint",  "cmd",
                              "env",           "workdir",       "user",        "createOptions",
                              "restartPolicy", "startupOrder",  "dependsOn",   "labels",
                              "$schema",       "configuration", "requires"};
constexpr std::array kRestartPolicies{"always", "on-failure", "on-unhealthy", "never"};

Unexpected bad(std::string_view member, std::string_view must) {
  return fail(Code::invalid_argument, "component.json: '{}' must be {}", member, must);
}

Error in_member(Error error, std::string_view member) {
  error.message = fmt::format("component.json: '{}': {}", member, error.message);
  return error;
}

// Absent is fine and leaves `into` as it is.
Result<void> read_text(const json::object& object, std::string_view member, std::string& into) {
  const auto* value = object.if_contains(member);
  if (!value) return {};
  if (!value->is_string()) return bad(member, "a text");
  into = value->as_string();
  return {};
}

Result<void> read_texts(const json::object& object, std::string_view member,
                        std::vector<std::string>& into) {
  const auto* value = object.if_contains(member);
  if (!value) return {};
  if (!value->is_array()) return bad(member, "an array of texts");
  into.clear();
  for (const auto& item : value->as_array()) {
    if (!item.is_string()) return bad(member, "an array of texts");
    into.emplace_back(item.as_string());
  }
  return {};
}

Result<std::uint32_t> read_mode(const json::value& value) {
  if (!value.is_string()) return bad("files", "with 'mode' as octal text, such as \"0755\"");
  const std::string_view text = value.as_string();
  std::uint32_t mode = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '7') {
      return bad("files", "with 'mode' as octal text, such as \"0755\"");
    }
    mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
    if (mode > 07777) return bad("files", "with 'mode' up to \"7777\"");
  }
  if (text.empty()) return bad("files", "with 'mode' as octal text, such as \"0755\"");
  return mode;
}

Result<ManifestFile> make_file(std::string source, std::string target) {
  auto source_is_path = check_file_path(source);
  if (!source_is_path) return fail(in_member(source_is_path.error(), "files"));
  if (target.empty() || target[0] != '/') {
    return bad("files", fmt::format("with absolute targets; '{}' is not one", target));
  }
  auto target_is_path = check_file_path(std::string_view(target).substr(1));
  if (!target_is_path) return fail(in_member(target_is_path.error(), "files"));
  return ManifestFile{std::move(source), std::move(target), std::nullopt};
}

Result<ManifestFile> read_file_entry(const json::value& item) {
  if (!item.is_object()) return bad("files", "an array of {\"source\", \"target\", \"mode\"}");
  const auto& object = item.as_object();
  auto source = optional_string(object, "source");
  auto target = optional_string(object, "target");
  if (!source || !target) return bad("files", "with the texts 'source' and 'target' in each entry");
  auto file = make_file(*std::move(source), *std::move(target));
  if (!file) return file;
  if (const auto* mode_text = object.if_contains("mode")) {
    auto mode = read_mode(*mode_text);
    if (!mode) return fail(std::move(mode).error());
    file->mode = *mode;
  }
  return file;
}

Result<void> read_files(const json::object& object, Manifest& manifest) {
  const auto* value = object.if_contains("files");
  if (!value) return {};
  std::vector<ManifestFile> files;
  if (value->is_array()) {
    for (const auto& item : value->as_array()) {
      auto file = read_file_entry(item);
      if (!file) return fail(std::move(file).error());
      files.push_back(*std::move(file));
    }
  } else if (value->is_object()) {
    for (const auto& [source, target] : value->as_object()) {
      if (!target.is_string()) return bad("files", "an object of texts");
      auto file = make_file(std::string(source), std::string(target.as_string()));
      if (!file) return fail(std::move(file).error());
      files.push_back(*std::move(file));
    }
  } else {
    return bad("files", "an array of {\"source\", \"target\", \"mode\"} or an object");
  }
  manifest.files = std::move(files);
  return {};
}

Result<void> read_env(const json::object& object, Manifest& manifest) {
  const auto* value = object.if_contains("env");
  if (!value) return {};
  if (!value->is_object()) return bad("env", "an object");
  for (const auto& [name, setting] : value->as_object()) {
    // Names are twin keys as well: no '.', '$' or blank (and '=' separates name and value).
    const bool key = !name.empty() && name.find_first_of(".$ #=\t\n") == std::string_view::npos;
    if (!key)
      return bad("env",
                 fmt::format("keyed by variable names; '{}' is not one", std::string_view(name)));
    if (!setting.is_string() && !setting.is_number() && !setting.is_bool()) {
      return bad("env", fmt::format("of texts, numbers or booleans; '{}' is none of these",
                                    std::string_view(name)));
    }
  }
  manifest.env = value->as_object();
  return {};
}

Result<void> read_labels(const json::object& object, Manifest& manifest) {
  const auto* value = object.if_contains("labels");
  if (!value) return {};
  if (!value->is_object()) return bad("labels", "an object of texts");
  for (const auto& [name, text] : value->as_object()) {
    if (!text.is_string()) return bad("labels", "an object of texts");
    manifest.labels.emplace(name, text.as_string());
  }
  return {};
}

Result<void> read_dependencies(const json::object& object, Manifest& manifest) {
  const auto* value = object.if_contains("dependsOn");
  if (!value) return {};
  if (!value->is_object()) return bad("dependsOn", "an object of component names and ranges");
  for (const auto& [name, text] : value->as_object()) {
    auto name_is_good = check_component_name(name);
    if (!name_is_good) return fail(in_member(name_is_good.error(), "dependsOn"));
    if (std::string_view(name) == manifest.name) return bad("dependsOn", "without itself");
    if (!text.is_string()) return bad("dependsOn", "an object of component names and ranges");
    auto range = VersionRange::parse(text.as_string());
    if (!range) return fail(in_member(std::move(range).error(), "dependsOn"));
    manifest.depends_on.emplace(name, *std::move(range));
  }
  return {};
}

Result<void> read_configuration(const json::object& object, Manifest& manifest) {
  const auto* value = object.if_contains("configuration");
  if (!value) return {};
  if (!value->is_object()) return bad("configuration", "an object: a JSON Schema");
  auto schema = SettingSchema::parse(value->as_object());
  if (!schema) return fail(in_member(std::move(schema).error(), "configuration"));
  for (const auto& [setting, info] : (*schema)->settings()) {
    if (!info.variable.empty() && manifest.env.contains(info.variable)) {
      return bad("configuration",
                 fmt::format("without the variable {}, which 'env' sets", info.variable));
    }
  }
  manifest.configuration = *std::move(schema);
  return {};
}

Result<void> read_capabilities(const json::object& object, Manifest& manifest) {
  auto& capabilities = manifest.required_capabilities;
  auto read = read_texts(object, "requires", capabilities);
  if (!read) return read;
  for (const auto& capability : capabilities) {
    auto good = check_label("capability", capability, kLongestCapability);
    if (!good) return fail(in_member(std::move(good).error(), "requires"));
  }
  std::sort(capabilities.begin(), capabilities.end());
  capabilities.erase(std::unique(capabilities.begin(), capabilities.end()), capabilities.end());
  return {};
}

Result<void> read_identity(const json::object& object, Manifest& manifest) {
  auto name = optional_string(object, "name");
  if (!name) return bad("name", "there, as a text");
  auto name_is_good = check_component_name(*name);
  if (!name_is_good) return fail(in_member(name_is_good.error(), "name"));
  auto version = optional_string(object, "version");
  if (!version) return bad("version", "there, as a text");
  auto version_is_good = check_version(*version);
  if (!version_is_good) return fail(in_member(version_is_good.error(), "version"));
  manifest.name = *std::move(name);
  manifest.version = *std::move(version);
  return read_text(object, "description", manifest.description);
}

Result<void> read_base(const json::object& object, Manifest& manifest) {
  auto read = read_text(object, "base", manifest.base);
  if (!read) return read;
  if (manifest.base == "scratch") return {};
  const auto colon = manifest.base.rfind(':');
  const std::string_view base = manifest.base;
  if (colon == std::string::npos || !check_repository(base.substr(0, colon)) ||
      !check_tag(base.substr(colon + 1))) {
    return bad("base", "\"scratch\" or \"repository:tag\" of an image in the workspace's registry");
  }
  return {};
}

Result<void> read_platforms(const json::object& object, Manifest& manifest) {
  manifest.platforms = {"linux/amd64"};
  auto read = read_texts(object, "platforms", manifest.platforms);
  if (!read) return read;
  if (manifest.platforms.empty()) return bad("platforms", "not empty");
  for (const auto& platform : manifest.platforms) {
    auto good = check_platform(platform);
    if (!good) return fail(in_member(good.error(), "platforms"));
    if (std::count(manifest.platforms.begin(), manifest.platforms.end(), platform) > 1) {
      return bad("platforms", "without repetitions");
    }
  }
  return {};
}

Result<void> read_process(const json::object& object, Manifest& manifest) {
  auto entrypoint = read_texts(object, "entrypoint", manifest.entrypoint);
  if (!entrypoint) return entrypoint;
  auto cmd = read_texts(object, "cmd", manifest.cmd);
  if (!cmd) return cmd;
  auto workdir = read_text(object, "workdir", manifest.workdir);
  if (!workdir) return workdir;
  if (!manifest.workdir.empty() && manifest.workdir[0] != '/') {
    return bad("workdir", "an absolute path");
  }
  auto user = read_text(object, "user", manifest.user);
  if (!user) return user;
  if (manifest.base == "scratch" && manifest.entrypoint.empty() && manifest.cmd.empty()) {
    return bad("entrypoint", "there when the base is \"scratch\": nothing else says what to run");
  }
  return {};
}

Result<void> read_running(const json::object& object, Manifest& manifest) {
  if (const auto* options = object.if_contains("createOptions")) {
    if (!options->is_object())
      return bad("createOptions", "an object, as Docker's ContainerCreate");
    manifest.create_options = options->as_object();
  }
  auto policy = read_text(object, "restartPolicy", manifest.restart_policy);
  if (!policy) return policy;
  if (std::find(kRestartPolicies.begin(), kRestartPolicies.end(), manifest.restart_policy) ==
      kRestartPolicies.end()) {
    return bad("restartPolicy", "\"always\", \"on-failure\", \"on-unhealthy\" or \"never\"");
  }
  if (object.contains("startupOrder")) {
    const auto number = optional_int(object, "startupOrder");
    if (!number || *number < 0 || *number > 0xffffffffLL) {
      return bad("startupOrder", "a whole number from 0 to 4294967295");
    }
    manifest.startup_order = static_cast<std::uint32_t>(*number);
  }
  return {};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  auto object = parse_json_object(text);
  if (!object) return fail(std::move(object).error().with("read component.json"));
  for (const auto& [member, value] : *object) {
    if (std::find(kMembers.begin(), kMembers.end(), std::string_view(member)) == kMembers.end()) {
      return fail(Code::invalid_argument, "component.json: there is no member '{}'",
                  std::string_view(member));
    }
  }
  Manifest manifest;
  using Reader = Result<void> (*)(const json::object&, Manifest&);
  constexpr Reader kReaders[] = {read_identity,      read_base,        read_platforms,
                                 read_files,         read_env,         read_labels,
                                 read_process,       read_running,     read_dependencies,
                                 read_configuration, read_capabilities};
  for (const Reader read : kReaders) {
    auto done = read(*object, manifest);
    if (!done) return fail(std::move(done).error());
  }
  return manifest;
}

}  // namespace ferry::fleet
