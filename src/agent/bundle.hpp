// SPDX-License-Identifier: Apache-2.0
// What a device needs to find Ferry, in one file: `ferry node bundle` writes it where Ferry can be
// reached, and it is carried to the device. It holds a token, so it is as secret as one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace ferry::agent {

struct Bundle {
  std::string server;
  std::string server_ca_pem;
  std::string cloud_ca_pem;
  std::string registration_id;
  Secret token;
  std::vector<std::pair<std::string, std::string>> environment;  // FERRY_... alone

  // Sets what is not set yet, for this process and for what it sets up.
  void use_environment() const;
};

Result<Bundle> read_bundle(const std::string& path);

}  // namespace ferry::agent
