// SPDX-License-Identifier: Apache-2.0
// `drydock application create|federate|list|delete` and `drydock device-login approve|decline`.
// They work on the data directory, beside a running server, which sees the change with its next
// request.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "base/json.hpp"
#include "base/result.hpp"

namespace drydock {

class IdentityCommands {
 public:
  explicit IdentityCommands(CLI::App& app);
  bool parsed() const { return application_->parsed() || device_login_->parsed(); }
  int run() const;  // the exit code

 private:
  void declare_create();
  void declare_federate();
  void declare_device_login(CLI::App& app);
  CLI::App* add_command(CLI::App& parent, const char* name, const char* help);
  ferry::Result<void> create() const;
  ferry::Result<void> federate() const;
  ferry::Result<void> list() const;
  ferry::Result<void> remove() const;
  ferry::Result<void> decide() const;
  void print(const ferry::json::object& fields) const;

  CLI::App* application_;
  CLI::App* device_login_ = nullptr;
  CLI::App* create_ = nullptr;
  CLI::App* federate_ = nullptr;
  CLI::App* list_ = nullptr;
  CLI::App* delete_ = nullptr;
  CLI::App* approve_ = nullptr;
  CLI::App* decline_ = nullptr;

  std::string directory_;
  std::string output_ = "table";
  std::string name_;
  std::string certificate_;
  bool managed_identity_ = false;
  std::string client_id_;
  std::string issuer_;
  std::string subject_;
  std::string audience_ = "api://AzureADTokenExchange";
  std::string keys_;
  std::string code_;
};

}  // namespace drydock
