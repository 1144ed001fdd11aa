// SPDX-License-Identifier: Apache-2.0
// Component versions and the files that belong to them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

class Components {
 public:
  explicit Components(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const fleet::ComponentVersion& version);  // without its files
  // State, manifest, image, digest, error and publishing time.
  Result<void> update(const fleet::ComponentVersion& version);
  Result<void> remove(const fleet::VersionId& id);
  // With files.
  Result<std::optional<fleet::ComponentVersion>> find(const fleet::VersionId& id) const;
  Result<std::optional<fleet::ComponentVersion>> find(const fleet::WorkspaceId& workspace,
                                                      const std::string& component,
                                                      const std::string& version) const;
  // With files; by component, newest first.
  Result<std::vector<fleet::ComponentVersion>> list(const fleet::WorkspaceId& workspace) const;
  Result<std::vector<fleet::ComponentVersion>> list(const fleet::WorkspaceId& workspace,
                                                    const std::string& component) const;

  // What the images of a version consist of: JSON, {"linux/amd64": [{"digest", "size"}]}.
  Result<void> set_layers(const fleet::VersionId& version, const std::string& layers);
  // A published version as devices see it: without its files.
  struct Published {
    std::string image;
    std::string manifest;
    std::string layers;
  };
  Result<std::optional<Published>> find_published(const fleet::WorkspaceId& workspace,
                                                  const fleet::ComponentRef& version) const;

  Result<void> put_file(const fleet::VersionId& version, const fleet::VersionFile& file);
  Result<void> remove_files(const fleet::VersionId& version);

 private:
  Result<std::vector<fleet::ComponentVersion>> with_files(
      Result<std::vector<fleet::ComponentVersion>> versions) const;
  Result<std::optional<fleet::ComponentVersion>> with_files(
      Result<std::optional<fleet::ComponentVersion>> version) const;
  Result<std::vector<fleet::VersionFile>> files(const fleet::VersionId& version) const;
  sqlite::Database& database_;
};

}  // namespace ferry::store
