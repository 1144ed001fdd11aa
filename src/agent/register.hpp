// SPDX-License-Identifier: Apache-2.0
// Turns a token into a certificate, by the installer protocol of docs/api.md. Every step leaves the
// directory in a state from which the same command goes on: the key is kept, an open session is
// used again, a registration that waits for approval needs no token any more, and one atomic write
// makes the device registered.
#pragma once

#include <functional>

#include "agent/ferry_server.hpp"
#include "agent/identity.hpp"

namespace ferry::agent {

struct RegisterOptions {
  std::string server;  // "https://ferry.example:8443"; http only to loopback
  // Asked for the token when no session is open and nothing waits for approval; never called when
  // already registered.
  std::function<Result<Secret>()> token;
  std::string name;         // for an enrollment token: what the node shall be called
  std::string hardware_id;  // tells this device from others
  bool wait = true;         // for an approval; else Code::unavailable, and the next call goes on
  std::function<void(std::string_view)> progress = [](std::string_view) {};
};

struct RegisterOutcome {
  Registration registration;
  bool was_registered = false;
};

net::Task<Result<RegisterOutcome>> register_device(const DataDirectory& directory,
                                                   net::HttpClient& http, RegisterOptions options);

// Without network: the request goes to Ferry and its answer comes back by hand. The key stays.
Result<std::string> offline_request(const DataDirectory& directory,
                                    std::string_view registration_id);
// `answer` is what `ferry node certificate` wrote. Repeating it with the same answer is no error.
Result<RegisterOutcome> accept_offline_answer(const DataDirectory& directory,
                                              const json::object& answer);

// The registration, when the directory holds one whose certificate fits the key in it.
Result<std::optional<Registration>> existing_registration(const DataDirectory& directory);

// What tells this machine from others and says nothing else about it (machine-id(5) asks that the
// id itself be kept to the machine); empty when it has none.
std::string default_hardware_id();

}  // namespace ferry::agent
