// SPDX-License-Identifier: Apache-2.0
// Writes tar archives (POSIX.1-2001 pax: ustar headers, extended ones only where a name needs them)
// that depend on nothing but the entries: neither on time, owner, locale nor a library's version.
#pragma once

#include <string>
#include <string_view>

namespace ferry::oci {

class TarWriter {
 public:
  void add_directory(std::string_view path);  // without trailing slash
  void add_file(std::string_view path, std::string_view content, bool executable);
  void add_symlink(std::string_view path, std::string_view target);
  std::string finish() &&;

 private:
  struct Entry {
    std::string_view path;
    std::string_view target;
    char type;
    unsigned mode;
  };
  void add_header(const Entry& entry, std::size_t size);
  void add_padded(std::string_view content);
  std::string bytes_;
};

}  // namespace ferry::oci
