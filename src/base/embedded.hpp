// SPDX-License-Identifier: Apache-2.0
// Files that the build has put into the program (tools/embed).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace ferry {

struct EmbeddedFile {
  std::string_view path;     // relative to the embedded directory
  std::string_view sha256;   // of the file as it was, hex
  std::string_view content;  // perhaps compressed
};

// One entry as it lies in the program; a table ends with an empty one. For use through
// embedded_files() alone.
struct EmbeddedEntry {
  const char* path;
  const char* sha256;
  const char* begin;
  const char* end;
};

inline std::vector<EmbeddedFile> embedded_files(const EmbeddedEntry* table) {
  std::vector<EmbeddedFile> files;
  for (; table->path; ++table) {
    files.push_back(
        {table->path, table->sha256,
         std::string_view(table->begin, static_cast<std::size_t>(table->end - table->begin))});
  }
  return files;
}

}  // namespace ferry
