// SPDX-License-Identifier: Apache-2.0
// Sign-ins of people that wait for a code to be entered. They live a quarter of an hour, in memory:
// after a restart one begins again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "azure/entra/device_code.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

struct SignInView {
  std::string id;
  fleet::RunState status = fleet::RunState::running;
  std::string user_code;
  std::string verification_uri;
  std::string message;  // for the person
  Timestamp expires_at;
  std::string account;         // its name, once it is connected
  std::optional<Error> error;  // when it failed
};

// What is needed to go on asking whether the code was entered.
struct PendingSignIn {
  PendingSignIn(azure::Transport transport, const Clock& clock, azure::DeviceCodeSignIn the_flow)
      : pipeline({.transport = std::move(transport), .clock = &clock}), flow(std::move(the_flow)) {}
  azure::Pipeline pipeline;
  azure::DeviceCodeSignIn flow;
};

class SignIns {
 public:
  std::string add(const fleet::OrganizationId& organization, const azure::DeviceCode& code,
                  Timestamp now);
  std::optional<SignInView> find(const fleet::OrganizationId& organization,
                                 const std::string& id) const;
  void succeeded(const std::string& id, const std::string& account);
  void failed(const std::string& id, Error error);

 private:
  struct Entry {
    fleet::OrganizationId organization;
    SignInView view;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace ferry::control
