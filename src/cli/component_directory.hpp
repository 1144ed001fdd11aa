// SPDX-License-Identifier: Apache-2.0
// A component as its author keeps it: a directory with component.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace ferry::cli {

struct ComponentFile {
  std::string path;  // relative, '/' separated
  bool executable = false;
};

struct ComponentDirectory {
  std::filesystem::path root;
  std::string name;
  std::string version;
  json::object manifest;           // as uploaded: without "build", which concerns this side only
  std::vector<std::string> build;  // command to run in `root` before anything is uploaded
};

// Reads DIR/component.json. Code::not_found, with what to write, when there is none.
Result<ComponentDirectory> open_component_directory(const std::filesystem::path& root);

// What to upload: the sources that the manifest's "files" name (a folder stands for all files in
// it), or everything but component.json and hidden files. A link or a missing file is an error.
// Afterwards the manifest's "files", when it has that member, names each single file with its
// target. Call it after the build, which may make the files.
Result<std::vector<ComponentFile>> collect_component_files(ComponentDirectory& component);

}  // namespace ferry::cli
