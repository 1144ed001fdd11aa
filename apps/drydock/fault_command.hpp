// SPDX-License-Identifier: Apache-2.0
// `drydock fault add|list|remove|clear`: makes a running local cloud fail on demand.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "base/json.hpp"

namespace drydock {

class FaultCommand {
 public:
  explicit FaultCommand(CLI::App& app);
  bool parsed() const { return command_->parsed(); }
  int run() const;  // the exit code

 private:
  void declare_add();
  void declare_selection();
  void declare_target(CLI::App& command);
  ferry::Result<void> add() const;
  ferry::Result<void> list() const;
  ferry::Result<void> remove() const;
  ferry::Result<void> clear() const;
  void print_table(const ferry::json::array& faults) const;

  CLI::App* command_;
  CLI::App* add_ = nullptr;
  CLI::App* list_ = nullptr;
  CLI::App* remove_ = nullptr;
  CLI::App* clear_ = nullptr;

  std::string directory_;
  std::string output_ = "table";
  std::string kind_;
  std::string service_;
  std::string method_;
  std::string path_;
  std::string code_;
  std::string message_;
  std::string id_;
  int status_ = 503;
  std::int64_t delay_ = 0;
  std::int64_t retry_after_ = -1;
  std::uint64_t skip_ = 0;
  std::uint64_t count_ = 1;
  std::uint64_t seed_ = 1;
  double probability_ = 1.0;
  bool after_ = false;
};

}  // namespace drydock
