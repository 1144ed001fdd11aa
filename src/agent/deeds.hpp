// SPDX-License-Identifier: Apache-2.0
// What a command is about to do to the machine, listed before it is done: shown instead with
// --dry-run, done in order otherwise. Every deed may be done again; one that is done already is
// skipped, so that a command that was cut short is simply repeated.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ferry::agent {

class Deeds {
 public:
  // `root` stands before every path, for machines that are being put together; programs that act on
  // the running system are not called then.
  explicit Deeds(std::filesystem::path root = {}) : root_(std::move(root)) {}

  // `owner`: a user, and group of the same name; taken only when there is such a user.
  void write(const std::filesystem::path& path, std::string content, mode_t mode,
             std::string owner = "");
  void make_directory(const std::filesystem::path& path, mode_t mode, std::string owner = "");
  void remove(const std::filesystem::path& path);
  // `may_fail`: what it does is a convenience.
  void run(std::vector<std::string> command, bool may_fail = false);
  void call(std::string what, std::function<Result<void>()> deed);

  bool empty() const { return deeds_.empty(); }
  std::string describe() const;  // a line each
  Result<void> carry_out(const std::function<void(std::string_view)>& progress) const;

  std::filesystem::path in_root(const std::filesystem::path& path) const;

 private:
  struct Deed {
    std::string what;
    std::function<Result<void>()> act;
    bool may_fail = false;
  };
  std::filesystem::path root_;
  std::vector<Deed> deeds_;
};

// Is there a program of that name in PATH?
bool has_program(const std::string& name);

}  // namespace ferry::agent
