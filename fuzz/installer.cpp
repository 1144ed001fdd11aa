// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "base/log.hpp"
#include "fuzz/installer_property.hpp"

namespace {

using namespace ferry;

// A control plane without a node, in a directory that goes with the process.
struct Face {
  Face() {
    log::set_minimum_level(log::Level::error);
    control = *control::Control::open(loop, clock, directory.path);
    server = std::make_unique<api::Server>(*control, clock);
  }
  struct Directory {
    ~Directory() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path = [] {
      std::string pattern = (std::filesystem::temp_directory_path() / "ferry-fuzz-XXXXXX").string();
      return std::filesystem::path(::mkdtemp(pattern.data()));
    }();
  } directory;
  net::EventLoop loop;
  SystemClock clock;
  std::unique_ptr<control::Control> control;
  std::unique_ptr<api::Server> server;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Face face;
  ferry::api::check_installer(face.loop, *face.server, {reinterpret_cast<const char*>(data), size});
  return 0;
}
