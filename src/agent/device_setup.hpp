// SPDX-License-Identifier: Apache-2.0
// Makes a registered device start by itself, with Ferry's agent or with Microsoft's runtime, and
// takes all of that away again.
#pragma once

#include "agent/deeds.hpp"
#include "agent/identity.hpp"

namespace ferry::agent {

struct SetupOptions {
  std::string runtime;  // "ferry", "iotedge"; empty: nothing is set up
  std::filesystem::path root;
  std::filesystem::path program;  // ferry-agent
  std::filesystem::path data;
  std::string docker;
  std::string network;
  bool start = true;
  bool replace_provisioning = false;
  std::string server_ca_pem = {};  // what Ferry is known by; empty: by the system's roots
};

// `identity`: what the device is registered as. Fails where with_provisioning() does.
Result<Deeds> setup_deeds(const SetupOptions& options, const Identity& identity);

// Certificate, key and payload where Microsoft's runtime reads them; after a renewal they are
// written anew and the runtime is told. Empty when they are there already.
Deeds edge_identity_deeds(const std::filesystem::path& root, const Identity& identity);

// Units and Microsoft's configuration, as far as they are Ferry's.
Result<Deeds> teardown_deeds(const std::filesystem::path& root);

// What there is to do by hand after the setup; empty when nothing is.
std::string setup_advice(const SetupOptions& options);

}  // namespace ferry::agent
