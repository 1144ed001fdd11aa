// SPDX-License-Identifier: Apache-2.0
// Publishing: files in the workspace's storage account, an image in its registry, never half of it.
#pragma once

#include <string>
#include <vector>

#include "control/workflow/operations.hpp"
#include "fleet/types.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct ComponentView {
  std::string name;
  std::vector<fleet::ComponentVersion> versions;  // newest first
};

struct PublishStarted {
  fleet::ComponentVersion version;
  OperationView operation;
};

struct ImportedImage {
  std::string reference;  // "<login server>/base/busybox:1.35"
  std::string digest;
};

class Components {
 public:
  explicit Components(Context& context) : context_(context) {}

  // Makes a draft from component.json, or replaces a draft or failed version. Code::conflict when
  // the version is published or publishing. `component` must be the manifest's name.
  Result<fleet::ComponentVersion> create_version(const fleet::OrganizationId& organization,
                                                 const std::string& workspace,
                                                 const std::string& component,
                                                 const std::string& manifest_json);
  // Stores one file of a draft at {workspace}/components/{c}/{v}/src/{path}.
  net::Task<Result<void>> put_file(fleet::OrganizationId organization, std::string workspace,
                                   std::string component, std::string version, std::string path,
                                   std::uint32_t mode, std::string bytes);
  Result<PublishStarted> publish(const fleet::OrganizationId& organization,
                                 const std::string& workspace, const std::string& component,
                                 const std::string& version);
  Result<std::vector<ComponentView>> list(const fleet::OrganizationId& organization,
                                          const std::string& workspace) const;
  Result<ComponentView> get(const fleet::OrganizationId& organization, const std::string& workspace,
                            const std::string& component) const;
  Result<fleet::ComponentVersion> get_version(const fleet::OrganizationId& organization,
                                              const std::string& workspace,
                                              const std::string& component,
                                              const std::string& version) const;
  // Drafts and failed versions only; their files go as well.
  net::Task<Result<void>> remove_version(fleet::OrganizationId organization, std::string workspace,
                                         std::string component, std::string version);
  // `root_file_system`: an uncompressed tar. `platform`: "linux/amd64".
  net::Task<Result<ImportedImage>> import_image(fleet::OrganizationId organization,
                                                std::string workspace, std::string repository,
                                                std::string tag, std::string platform,
                                                std::string root_file_system);

 private:
  Context& context_;
};

}  // namespace ferry::control
