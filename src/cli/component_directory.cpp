// SPDX-License-Identifier: Apache-2.0
#include "cli/component_directory.hpp"

#include <algorithm>
#include <map>

#include "base/file.hpp"

namespace ferry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifestName = "component.json";

Result<std::vector<std::string>> read_build(const json::object& manifest) {
  std::vector<std::string> command;
  const auto* build = manifest.if_contains("build");
  if (!build) return command;
  const auto* words = build->if_array();
  if (!words || words->empty()) {
    return fail(Code::invalid_argument, "'build' must be a list of words such as [\"make\"]");
  }
  for (const auto& word : *words) {
    if (!word.is_string())
      return fail(Code::invalid_argument, "'build' holds something not a text");
    command.emplace_back(word.get_string());
  }
  return command;
}

// One entry of "files": what to take, and where it goes in the image.
struct Source {
  std::string path;
  std::string target;
  std::string mode;  // as the manifest says; empty: the file's own
};

// Forms: ["bin/x"], [{"source": "bin/x", "target": "/x", "mode": "0755"}], {"bin/x": "/x"}. What
// names no target goes below /app, as everything does when there is no "files".
Result<std::vector<Source>> read_sources(const json::value& files) {
  std::vector<Source> sources;
  if (const auto* object = files.if_object()) {
    for (const auto& entry : *object) {
      const auto* target = entry.value().if_string();
      if (!target) return fail(Code::invalid_argument, "'files' must give each source a target");
      sources.push_back({std::string(entry.key()), std::string(*target), ""});
    }
    return sources;
  }
  const auto* array = files.if_array();
  if (!array) return fail(Code::invalid_argument, "'files' must be a list or an object");
  for (const auto& entry : *array) {
    if (const auto* name = entry.if_string()) {
      sources.push_back({std::string(*name), "/app/" + std::string(*name), ""});
    } else if (const auto* file = entry.if_object()) {
      const auto path = string_or(*file, "source", "");
      sources.push_back(
          {path, string_or(*file, "target", "/app/" + path), string_or(*file, "mode", "")});
    } else {
      return fail(Code::invalid_argument, "'files' holds something that is no path");
    }
  }
  return sources;
}

bool leaves_root(const fs::path& relative) {
  return relative.is_absolute() || std::any_of(relative.begin(), relative.end(),
                                               [](const fs::path& part) { return part == ".."; });
}

using Found = std::map<std::string, bool>;  // path -> executable

Result<void> add_file(const ComponentDirectory& component, const fs::path& relative, Found& found) {
  std::error_code error;
  const auto status = fs::symlink_status(component.root / relative, error);
  if (error || !fs::exists(status)) {
    const bool can_build = !component.build.empty();
    return fail(Error{Code::not_found,
                      fmt::format("component.json names '{}', which does not exist in {}",
                                  relative.generic_string(), component.root.string()),
                      can_build ? "the build should have made it" : "build the component first"});
  }
  if (!fs::is_regular_file(status)) {
    return fail(Code::invalid_argument, "'{}' is not a regular file; only those can be published",
                relative.generic_string());
  }
  const auto executable = fs::perms::owner_exec;
  found[relative.lexically_normal().generic_string()] =
      (status.permissions() & executable) == executable;
  return {};
}

Result<void> add_folder(const ComponentDirectory& component, const fs::path& relative,
                        Found& found) {
  std::error_code error;
  fs::recursive_directory_iterator entry(component.root / relative, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    if (fs::is_directory(entry->symlink_status())) continue;
    const auto path = entry->path().lexically_relative(component.root);
    if (path == kManifestName) continue;
    if (auto added = add_file(component, path, found); !added) return added;
  }
  if (error)
    return fail(Code::internal, "cannot read {}: {}", component.root.string(), error.message());
  return {};
}

}  // namespace

Result<ComponentDirectory> open_component_directory(const fs::path& root) {
  std::error_code error;
  if (!fs::is_directory(root, error)) {
    return fail(Code::not_found, "there is no directory {}", root.string());
  }
  const auto path = root / kManifestName;
  auto text = read_file(path);
  if (!text && text.error().code == Code::not_found) {
    return fail(Error{Code::not_found, fmt::format("{} has no component.json", root.string()),
                      R"(the least one is {"name": "sampler", "version": "1.0.0"})"});
  }
  if (!text) return fail(std::move(text).error());
  auto manifest = parse_json_object(*text);
  if (!manifest) return fail(std::move(manifest).error().with("{}", path.string()));
  auto name = require_string(*manifest, "name");
  if (!name) return fail(std::move(name).error().with("{}", path.string()));
  auto version = require_string(*manifest, "version");
  if (!version) return fail(std::move(version).error().with("{}", path.string()));
  auto build = read_build(*manifest);
  if (!build) return fail(std::move(build).error().with("{}", path.string()));
  manifest->erase("build");
  return ComponentDirectory{root, *std::move(name), *std::move(version), *std::move(manifest),
                            *std::move(build)};
}

namespace {

// Adds what `source` stands for to `found`, and to `entries` where each file goes in the image.
Result<void> add_source(const ComponentDirectory& component, const Source& source, Found& found,
                        json::array& entries) {
  const fs::path relative(source.path);
  if (source.path.empty() || leaves_root(relative)) {
    return fail(Code::invalid_argument, "component.json: source '{}' is not a path inside {}",
                source.path, component.root.string());
  }
  std::error_code error;
  Found here;
  const bool folder = fs::is_directory(fs::symlink_status(component.root / relative, error));
  auto added = folder ? add_folder(component, relative, here) : add_file(component, relative, here);
  if (!added) return added;
  for (const auto& [path, executable] : here) {
    const auto rest = fs::path(path).lexically_relative(relative.lexically_normal());
    const fs::path target = folder ? fs::path(source.target) / rest : fs::path(source.target);
    json::object entry{{"source", path}, {"target", target.lexically_normal().generic_string()}};
    if (!source.mode.empty()) entry["mode"] = source.mode;
    entries.push_back(std::move(entry));
    found[path] = executable;
  }
  return {};
}

}  // namespace

Result<std::vector<ComponentFile>> collect_component_files(ComponentDirectory& component) {
  Found found;
  if (const auto* files = component.manifest.if_contains("files")) {
    auto sources = read_sources(*files);
    if (!sources) return fail(std::move(sources).error().with("component.json"));
    json::array entries;
    for (const auto& source : *sources) {
      auto added = add_source(component, source, found, entries);
      if (!added) return fail(std::move(added).error());
    }
    component.manifest["files"] = std::move(entries);
  } else {
    auto added = add_folder(component, "", found);
    if (!added) return fail(std::move(added).error());
  }
  std::vector<ComponentFile> files;
  for (const auto& [path, executable] : found) files.push_back({path, executable});
  return files;
}

}  // namespace ferry::cli
