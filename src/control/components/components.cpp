// SPDX-License-Identifier: Apache-2.0
#include "control/components/components.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "control/lookup.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/manifest.hpp"
#include "fleet/names.hpp"
#include "oci/assembly.hpp"

namespace ferry::control {
namespace {

bool can_be_edited(fleet::VersionState state) {
  return state == fleet::VersionState::draft || state == fleet::VersionState::failed;
}

Error not_editable(const fleet::ComponentVersion& version) {
  return Error{
      Code::conflict,
      fmt::format("{} {} is {}", version.component, version.version, to_string(version.state)),
      version.state == fleet::VersionState::published
          ? "a published version never changes: give your change a new version"
          : "wait until it is published"};
}

// Every file that the manifest wants is there; a version that would have nothing to run is refused.
Result<void> check_complete(const fleet::ComponentVersion& version,
                            const fleet::Manifest& manifest) {
  if (!manifest.files) {
    if (!version.files.empty() || manifest.base != "scratch") return {};
    return fail(Error{Code::invalid_argument,
                      fmt::format("{} {} has no files", version.component, version.version),
                      "upload its files, or name a base image in component.json"});
  }
  for (const auto& wanted : *manifest.files) {
    const bool there =
        std::any_of(version.files.begin(), version.files.end(),
                    [&](const fleet::VersionFile& file) { return file.path == wanted.source; });
    if (there) continue;
    return fail(Error{Code::invalid_argument,
                      fmt::format("component.json of {} {} names the file '{}', which is not there",
                                  version.component, version.version, wanted.source),
                      "upload the file, or take it out of 'files'"});
  }
  return {};
}

}  // namespace

Result<fleet::ComponentVersion> Components::create_version(
    const fleet::OrganizationId& organization, const std::string& workspace_name,
    const std::string& component, const std::string& manifest_json) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto manifest = fleet::parse_manifest(manifest_json);
  if (!manifest) return fail(std::move(manifest).error());
  if (manifest->name != component) {
    return fail(Code::invalid_argument, "component.json is of '{}', not of '{}'", manifest->name,
                component);
  }
  auto existing = context_.store.components.find(workspace->id, component, manifest->version);
  if (!existing) return fail(std::move(existing).error());

  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  fleet::ComponentVersion version;
  Result<void> stored;
  if (*existing) {
    version = **std::move(existing);
    if (!can_be_edited(version.state)) return fail(not_editable(version));
    auto removed = context_.store.components.remove_files(version.id);
    if (!removed) return fail(std::move(removed).error());
    version.files.clear();
    version.state = fleet::VersionState::draft;
    version.manifest = manifest_json;
    version.error.clear();
    stored = context_.store.components.update(version);
  } else {
    version.id = fleet::VersionId(random_id("ver"));
    version.workspace = workspace->id;
    version.component = component;
    version.version = manifest->version;
    version.manifest = manifest_json;
    version.created_at = context_.clock.now();
    stored = context_.store.components.insert(version);
  }
  if (!stored) return fail(std::move(stored).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return version;
}

net::Task<Result<void>> Components::put_file(fleet::OrganizationId organization,
                                             std::string workspace_name, std::string component,
                                             std::string version_name, std::string path,
                                             std::uint32_t mode, std::string bytes) {
  auto path_is_good = fleet::check_file_path(path);
  if (!path_is_good) co_return path_is_good;
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto version = find_version(context_, *workspace, component, version_name);
  if (!version) co_return fail(std::move(version).error());
  if (!can_be_edited(version->state)) co_return fail(not_editable(*version));
  auto connection = context_.clouds.workspace(*workspace);
  if (!connection) co_return fail(std::move(connection).error());

  const fleet::VersionFile file{path, static_cast<std::int64_t>(bytes.size()),
                                hex_encode(sha256(bytes)), mode & 07777U};
  const auto& names = workspace->names;
  auto stored =
      co_await (*connection)
          ->blobs.put(names.container, fleet::component_blob(component, version_name, path),
                      std::move(bytes));
  if (!stored) {
    Error error =
        std::move(stored).error().with("store {} of {} {}", path, component, version_name);
    if (error.hint.empty()) {
      error.hint = "see that the storage account can be reached, then publish again";
    }
    co_return fail(std::move(error));
  }
  // Publishing may have begun meanwhile; it checks what it reads against what is recorded.
  auto now = find_version(context_, *workspace, component, version_name);
  if (!now) co_return fail(std::move(now).error());
  if (!can_be_edited(now->state)) co_return fail(not_editable(*now));
  co_return context_.store.components.put_file(now->id, file);
}

Result<PublishStarted> Components::publish(const fleet::OrganizationId& organization,
                                           const std::string& workspace_name,
                                           const std::string& component,
                                           const std::string& version_name) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto version = find_version(context_, *workspace, component, version_name);
  if (!version) return fail(std::move(version).error());
  if (!can_be_edited(version->state)) return fail(not_editable(*version));
  auto manifest = fleet::parse_manifest(version->manifest);
  if (!manifest) return fail(std::move(manifest).error());
  auto complete = check_complete(*version, *manifest);
  if (!complete) return fail(std::move(complete).error());

  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  version->state = fleet::VersionState::publishing;
  version->error.clear();
  auto updated = context_.store.components.update(*version);
  if (!updated) return fail(std::move(updated).error());
  auto operation = context_.engine.prepare(
      {.organization = organization,
       .kind = "component.publish",
       .target = fmt::format("{}/{} {}", workspace->name, component, version_name),
       .subject = version->id.str(),
       .lane = version->id.str()});
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  return PublishStarted{*std::move(version), to_view(*operation)};
}

Result<std::vector<ComponentView>> Components::list(const fleet::OrganizationId& organization,
                                                    const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto versions = context_.store.components.list(workspace->id);
  if (!versions) return fail(std::move(versions).error());
  std::vector<ComponentView> views;
  for (auto& version : *versions) {
    if (views.empty() || views.back().name != version.component) {
      views.push_back({version.component, {}});
    }
    views.back().versions.push_back(std::move(version));
  }
  return views;
}

Result<ComponentView> Components::get(const fleet::OrganizationId& organization,
                                      const std::string& workspace_name,
                                      const std::string& component) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto versions = context_.store.components.list(workspace->id, component);
  if (!versions) return fail(std::move(versions).error());
  if (versions->empty()) {
    return fail(Error{
        Code::not_found,
        fmt::format("there is no component '{}' in workspace '{}'", component, workspace->name),
        "ferry component list shows them"});
  }
  return ComponentView{component, *std::move(versions)};
}

Result<fleet::ComponentVersion> Components::get_version(const fleet::OrganizationId& organization,
                                                        const std::string& workspace_name,
                                                        const std::string& component,
                                                        const std::string& version) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  return find_version(context_, *workspace, component, version);
}

net::Task<Result<void>> Components::remove_version(fleet::OrganizationId organization,
                                                   std::string workspace_name,
                                                   std::string component,
                                                   std::string version_name) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto version = find_version(context_, *workspace, component, version_name);
  if (!version) co_return fail(std::move(version).error());
  if (!can_be_edited(version->state)) co_return fail(not_editable(*version));
  auto connection = context_.clouds.workspace(*workspace);
  if (!connection) co_return fail(std::move(connection).error());
  const auto& names = workspace->names;
  auto& blobs = (*connection)->blobs;
  auto stored =
      co_await blobs.list(names.container, fleet::component_prefix(component, version_name));
  if (!stored) co_return fail(std::move(stored).error());
  for (const auto& blob : *stored) {
    auto removed = co_await blobs.remove(names.container, blob.name);
    if (!removed) co_return removed;
  }
  auto now = find_version(context_, *workspace, component, version_name);
  if (!now) co_return fail(std::move(now).error());
  if (!can_be_edited(now->state)) co_return fail(not_editable(*now));
  co_return context_.store.components.remove(now->id);
}

net::Task<Result<ImportedImage>> Components::import_image(fleet::OrganizationId organization,
                                                          std::string workspace_name,
                                                          std::string repository, std::string tag,
                                                          std::string platform_text,
                                                          std::string root_file_system) {
  auto repository_is_good = fleet::check_repository(repository);
  if (!repository_is_good) co_return fail(std::move(repository_is_good).error());
  auto tag_is_good = fleet::check_tag(tag);
  if (!tag_is_good) co_return fail(std::move(tag_is_good).error());
  auto platform_is_good = fleet::check_platform(platform_text);
  if (!platform_is_good) co_return fail(std::move(platform_is_good).error());
  if (repository.starts_with(fleet::image_repository(""))) {
    co_return fail(Code::invalid_argument,
                   "'{}' is where components are published: choose another repository, such as "
                   "base/busybox",
                   repository);
  }
  auto platform = oci::parse_platform(platform_text);
  if (!platform) co_return fail(std::move(platform).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto connection = context_.clouds.workspace(*workspace);
  if (!connection) co_return fail(std::move(connection).error());

  Result<oci::Layer> layer = fail(Code::internal, "not read");
  const auto read = [&layer, &root_file_system] {
    layer = oci::import_root_file_system(root_file_system);
  };
  co_await net::run_blocking(read);
  if (!layer) co_return fail(std::move(layer).error().with("read the root file system"));
  auto pushed = co_await oci::push_base_image((*connection)->registry, repository, tag,
                                              *std::move(layer), *platform);
  if (!pushed) {
    co_return fail(std::move(pushed).error().with("push {}:{} to {}", repository, tag,
                                                  workspace->login_server));
  }
  co_return ImportedImage{fmt::format("{}/{}:{}", workspace->login_server, repository, tag),
                          pushed->digest};
}

}  // namespace ferry::control
