// SPDX-License-Identifier: Apache-2.0
// What the device does with its certificate over HTTPS: registers with the provisioning service,
// and gives its $edgeAgent module a key of its own at the hub, as Azure's identity service does (a
// module of an X.509 device authenticates by key).
#pragma once

#include <map>
#include <string>

#include "agent/data_directory.hpp"
#include "net/http_client.hpp"

namespace ferry::agent {

inline constexpr std::string_view kAgentModule = "$edgeAgent";

// Hub and device id; module_key is left empty. Borrowed `http` presents the device's certificate.
net::Task<Result<Assignment>> provision(net::HttpClient& http, Registration registration);

// Tells the hub `assignment.module_key`. Creates the module when the hub has none yet.
net::Task<Result<void>> set_module_key(net::HttpClient& http, Assignment assignment);

// Module id -> generation id, for the modules' environment.
net::Task<Result<std::map<std::string, std::string>>> module_generations(net::HttpClient& http,
                                                                         Assignment assignment);

Secret random_module_key();  // 32 random bytes as base64

}  // namespace ferry::agent
