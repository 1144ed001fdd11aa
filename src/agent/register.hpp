// SPDX-License-Identifier: Apache-2.0
// Turns a one-time token into a certificate, by the installer protocol of docs/api.md. Every step
// leaves the directory in a state from which the same command goes on: the key is kept, an open
// session is used again, and one atomic write makes the device registered.
#pragma once

#include <functional>

#include "agent/data_directory.hpp"
#include "net/http_client.hpp"

namespace ferry::agent {

struct RegisterOptions {
  std::string server;  // "https://ferry.example:8443"; http only to loopback
  // Asked for the one-time token when no session is open; never called when already registered.
  std::function<Result<Secret>()> token;
};

struct RegisterOutcome {
  Registration registration;
  bool was_registered = false;
};

net::Task<Result<RegisterOutcome>> register_device(const DataDirectory& directory,
                                                   net::HttpClient& http, RegisterOptions options);

// The registration, when the directory holds one whose certificate fits the key in it.
Result<std::optional<Registration>> existing_registration(const DataDirectory& directory);

}  // namespace ferry::agent
