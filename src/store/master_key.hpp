// SPDX-License-Identifier: Apache-2.0
// The key that wraps the data key (store/envelope.hpp), and where it comes from. It is the one
// thing that a backup of the data must be kept apart from.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace ferry::store {

struct MasterKeySource {
  enum class Kind {
    file,         // path of a file that only its owner may read
    environment,  // name of a variable; it is taken out of the environment when it was read
    command,      // a shell command that prints the key, such as a call of a key service
  };
  Kind kind = Kind::file;
  std::string where;
  std::string describe() const;  // "file /var/lib/ferry/master.key"; for a command its first word
};

// "file:PATH", "env:NAME" or "command:SHELL COMMAND".
Result<MasterKeySource> parse_master_key_source(std::string_view text);

// A key is 32 bytes: as they are, as 64 hexadecimal digits, or as base64. Code::not_found when the
// file or variable is absent; Code::permission_denied when others may read the file; Code::internal
// when what is there is no key. Never says what it read.
Result<Secret> load_master_key(const MasterKeySource& source);

// A new random key in a new file (0600). Code::conflict when the file exists.
Result<Secret> create_master_key(const std::filesystem::path& path);

// Tells keys apart without giving anything of them away: 16 hexadecimal digits.
std::string fingerprint_of(const Secret& master_key);

}  // namespace ferry::store
