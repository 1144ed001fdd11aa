// SPDX-License-Identifier: Apache-2.0
// A loss of power at the n-th step that base/file takes on the disk: the process ends there, a file
// that was being written is torn, and what was not synced by then is gone or has survived, as the
// test likes, for a file system may do either.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace ferry::tests {

class PowerCut {
 public:
  static constexpr int kExitCode = 137;

  // From now on in this process. `at` counts from 1.
  static void arm(int at, bool lose_unsynced) {
    cut_at_ = at;
    lose_unsynced_ = lose_unsynced;
    set_file_probe(&PowerCut::step);
  }

 private:
  struct Undo {
    std::filesystem::path path;
    std::optional<std::string> before;
  };

  static void step(FileStep step, const std::filesystem::path& path,
                   const std::filesystem::path& other) {
    if (synced_) unsynced_.clear();  // the step before this one was the sync, and it is done
    synced_ = false;
    if (++count_ == cut_at_) cut(step, path);
    if (step == FileStep::rename) remember(other);
    if (step == FileStep::rename || step == FileStep::remove) remember(path);
    if (step == FileStep::sync_directory) synced_ = true;
  }

  static void remember(const std::filesystem::path& path) {
    auto content = read_file(path);
    unsynced_.push_back({path, content ? std::optional(*std::move(content)) : std::nullopt});
  }

  [[noreturn]] static void cut(FileStep step, const std::filesystem::path& path) {
    set_file_probe(nullptr);
    std::error_code error;
    if (step == FileStep::sync) {
      std::filesystem::resize_file(path, std::filesystem::file_size(path, error) / 2, error);
    }
    while (lose_unsynced_ && !unsynced_.empty()) {
      const Undo undo = std::move(unsynced_.back());
      unsynced_.pop_back();
      std::filesystem::remove(undo.path, error);
      if (undo.before) (void)write_file_atomically(undo.path, *undo.before, 0600);
    }
    ::_exit(kExitCode);
  }

  static inline int cut_at_ = 0;
  static inline bool lose_unsynced_ = false;
  static inline int count_ = 0;
  static inline bool synced_ = false;
  static inline std::vector<Undo> unsynced_;
};

}  // namespace ferry::tests
