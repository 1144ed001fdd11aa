// SPDX-License-Identifier: Apache-2.0
// What a new device fetches before it knows anything: the installer script and ferry-agent. Public:
// none of it is a secret, and a device has nothing to show yet.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.hpp"
#include "net/router.hpp"

namespace ferry::api {

// The programs that ferryd was installed with: ferry-agent beside it for its own platform, and
// agents/<platform>/ferry-agent for others ("linux-arm64").
class InstallerFiles {
 public:
  // `ca_pem`: what clients must trust; empty when the system's CAs do. `public_key_pin`: by which a
  // client that has no CA yet knows this server, as curl's --pinnedpubkey takes it.
  InstallerFiles(std::string ca_pem, std::string public_key_pin,
                 std::filesystem::path program_directory)
      : ca_pem_(std::move(ca_pem)),
        public_key_pin_(std::move(public_key_pin)),
        programs_(std::move(program_directory)) {}

  struct Program {
    std::filesystem::path path;
    std::string sha256;  // hex
    std::uintmax_t size = 0;
  };
  // Platform -> program. Digests are kept until the file changes.
  std::map<std::string, Program> programs();
  // For a device that reaches this server as `authority` ("ferry.example:7443"); fails when that is
  // no host name or address with or without port.
  Result<std::string> script(std::string_view authority);
  const std::string& ca_pem() const { return ca_pem_; }
  const std::string& public_key_pin() const { return public_key_pin_; }

 private:
  struct Known {
    std::filesystem::file_time_type changed;
    Program program;
  };
  void add(std::map<std::string, Program>& found, const std::string& platform,
           const std::filesystem::path& path);

  std::string ca_pem_;
  std::string public_key_pin_;
  std::filesystem::path programs_;
  std::map<std::filesystem::path, Known> known_;
};

// "sha256//<base64>" of the certificate's public key.
std::string public_key_pin(const std::string& certificate_pem);

// The directory of this program's own file.
std::filesystem::path own_directory();

// GET /install.sh, /install/info, /install/ca.pem, /install/ferry-agent/{platform} and its .sha256.
// `files` outlives the router's last request.
void add_installer_file_routes(net::Router& router, InstallerFiles& files);

}  // namespace ferry::api
