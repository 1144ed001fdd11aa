// SPDX-License-Identifier: Apache-2.0
#include "store/components.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<fleet::ComponentVersion> read_version(const sqlite::Row& row) {
  auto state = fleet::parse_version_state(row.text(4));
  if (!state) return fail(std::move(state).error());
  fleet::ComponentVersion version;
  version.id = fleet::VersionId(row.text(0));
  version.workspace = fleet::WorkspaceId(row.text(1));
  version.component = row.text(2);
  version.version = row.text(3);
  version.state = *state;
  version.manifest = row.text(5);
  version.image = row.text(6);
  version.digest = row.text(7);
  version.error = row.text(8);
  version.created_at = to_time(row, 9);
  version.published_at = to_optional_time(row, 10);
  return version;
}

}  // namespace

Result<void> Components::insert(const fleet::ComponentVersion& version) {
  return database_.execute(
      "INSERT INTO component_versions(id, workspace, component, version, state, manifest, image, "
      "digest, error, created_at, published_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {version.id.str(), version.workspace.str(), version.component, version.version,
       to_string(version.state), version.manifest, version.image, version.digest, version.error,
       to_column(version.created_at), to_column(version.published_at)});
}

Result<void> Components::update(const fleet::ComponentVersion& version) {
  return database_.execute(
      "UPDATE component_versions SET state = ?, manifest = ?, image = ?, digest = ?, error = ?, "
      "published_at = ? WHERE id = ?",
      {to_string(version.state), version.manifest, version.image, version.digest, version.error,
       to_column(version.published_at), version.id.str()});
}

Result<void> Components::remove(const fleet::VersionId& id) {
  return database_.execute("DELETE FROM component_versions WHERE id = ?", {id.str()});
}

Result<std::optional<fleet::ComponentVersion>> Components::find(const fleet::VersionId& id) const {
  return with_files(read_one<fleet::ComponentVersion>(
      database_.query_one(
          "SELECT id, workspace, component, version, state, manifest, image, digest, error, "
          "created_at, published_at FROM component_versions WHERE id = ?",
          {id.str()}),
      read_version));
}

Result<std::optional<fleet::ComponentVersion>> Components::find(const fleet::WorkspaceId& workspace,
                                                                const std::string& component,
                                                                const std::string& version) const {
  return with_files(read_one<fleet::ComponentVersion>(
      database_.query_one(
          "SELECT id, workspace, component, version, state, manifest, image, digest, error, "
          "created_at, published_at FROM component_versions "
          "WHERE workspace = ? AND component = ? AND version = ?",
          {workspace.str(), component, version}),
      read_version));
}

Result<std::vector<fleet::ComponentVersion>> Components::list(
    const fleet::WorkspaceId& workspace) const {
  return with_files(read_all<fleet::ComponentVersion>(
      database_.query(
          "SELECT id, workspace, component, version, state, manifest, image, digest, error, "
          "created_at, published_at FROM component_versions WHERE workspace = ? "
          "ORDER BY component, rowid DESC",
          {workspace.str()}),
      read_version));
}

Result<std::vector<fleet::ComponentVersion>> Components::list(const fleet::WorkspaceId& workspace,
                                                              const std::string& component) const {
  return with_files(read_all<fleet::ComponentVersion>(
      database_.query(
          "SELECT id, workspace, component, version, state, manifest, image, digest, error, "
          "created_at, published_at FROM component_versions WHERE workspace = ? AND component = ? "
          "ORDER BY rowid DESC",
          {workspace.str(), component}),
      read_version));
}

Result<void> Components::set_layers(const fleet::VersionId& version, const std::string& layers) {
  return database_.execute("UPDATE component_versions SET layers = ? WHERE id = ?",
                           {layers, version.str()});
}

Result<std::optional<Components::Published>> Components::find_published(
    const fleet::WorkspaceId& workspace, const fleet::ComponentRef& version) const {
  return read_one<Published>(
      database_.query_one(
          "SELECT image, manifest, layers FROM component_versions WHERE workspace = ? AND "
          "component = ? AND version = ? AND state = 'published'",
          {workspace.str(), version.name, version.version}),
      [](const sqlite::Row& row) -> Result<Published> {
        return Published{row.text(0), row.text(1), row.text(2)};
      });
}

Result<void> Components::put_file(const fleet::VersionId& version, const fleet::VersionFile& file) {
  return database_.execute(
      "INSERT INTO version_files(version, path, size, sha256, mode) VALUES(?, ?, ?, ?, ?) "
      "ON CONFLICT(version, path) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, "
      "mode = excluded.mode",
      {version.str(), file.path, file.size, file.sha256, static_cast<std::int64_t>(file.mode)});
}

Result<void> Components::remove_files(const fleet::VersionId& version) {
  return database_.execute("DELETE FROM version_files WHERE version = ?", {version.str()});
}

Result<std::vector<fleet::VersionFile>> Components::files(const fleet::VersionId& version) const {
  return read_all<fleet::VersionFile>(
      database_.query(
          "SELECT path, size, sha256, mode FROM version_files WHERE version = ? ORDER BY path",
          {version.str()}),
      [](const sqlite::Row& row) -> Result<fleet::VersionFile> {
        return fleet::VersionFile{row.text(0), row.number(1), row.text(2),
                                  static_cast<std::uint32_t>(row.number(3))};
      });
}

Result<std::vector<fleet::ComponentVersion>> Components::with_files(
    Result<std::vector<fleet::ComponentVersion>> versions) const {
  if (!versions) return versions;
  for (auto& version : *versions) {
    auto found = files(version.id);
    if (!found) return fail(std::move(found).error());
    version.files = *std::move(found);
  }
  return versions;
}

Result<std::optional<fleet::ComponentVersion>> Components::with_files(
    Result<std::optional<fleet::ComponentVersion>> version) const {
  if (!version || !*version) return version;
  auto found = files((*version)->id);
  if (!found) return fail(std::move(found).error());
  (*version)->files = *std::move(found);
  return version;
}

}  // namespace ferry::store
