// SPDX-License-Identifier: Apache-2.0
#include "store/master_key.hpp"

#include <sys/stat.h>

#include <cstdlib>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/process.hpp"

namespace ferry::store {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::string_view kForms = "it must be 32 bytes, 64 hexadecimal digits, or base64";

Result<Secret> decode_key(const std::string& text, const MasterKeySource& source) {
  if (text.size() == kKeySize) return Secret(text);
  const std::string trimmed(trim(text));
  if (trimmed.size() == 2 * kKeySize) {
    if (auto bytes = hex_decode(trimmed)) return Secret(*std::move(bytes));
  }
  auto bytes = base64_decode(trimmed);
  if (bytes && bytes->size() == kKeySize) return Secret(*std::move(bytes));
  return fail(Error{Code::internal,
                    fmt::format("the {} holds no master key: {}", source.describe(), kForms),
                    "restore it from a backup: without it no secret can be read"});
}

Result<std::string> read_key_file(const MasterKeySource& source) {
  struct stat status{};
  if (::stat(source.where.c_str(), &status) != 0) {
    return fail(Code::not_found, "there is no {}", source.describe());
  }
  if ((status.st_mode & 077) != 0) {
    return fail(Error{Code::permission_denied,
                      fmt::format("others may read the master key {}", source.where),
                      fmt::format("chmod 0600 {}", source.where)});
  }
  return read_file(source.where);
}

Result<std::string> read_variable(const MasterKeySource& source) {
  const char* value = std::getenv(source.where.c_str());
  if (!value || !*value) return fail(Code::not_found, "there is no {}", source.describe());
  std::string text = value;
  ::unsetenv(source.where.c_str());  // programs that Ferry starts do not inherit it
  return text;
}

Result<std::string> run_command(const MasterKeySource& source) {
  auto output = run_process({"/bin/sh", "-c", source.where}, std::chrono::seconds(30));
  if (!output) return fail(std::move(output).error().with("run the {}", source.describe()));
  if (output->exit_code != 0) {
    // Its words may help and are not secret; its output may be.
    return fail(Code::unavailable, "the {} ended with code {}: {}", source.describe(),
                output->exit_code, trim(output->err).substr(0, 300));
  }
  return std::move(output->out);
}

}  // namespace

std::string MasterKeySource::describe() const {
  switch (kind) {
    case Kind::file:
      return "file " + where;
    case Kind::environment:
      return "environment variable " + where;
    case Kind::command:
      return "key command " + where.substr(0, where.find(' '));
  }
  return {};
}

Result<MasterKeySource> parse_master_key_source(std::string_view text) {
  struct Form {
    std::string_view prefix;
    MasterKeySource::Kind kind;
  };
  for (const Form& form : {Form{"file:", MasterKeySource::Kind::file},
                           Form{"env:", MasterKeySource::Kind::environment},
                           Form{"command:", MasterKeySource::Kind::command}}) {
    if (!text.starts_with(form.prefix) || text.size() == form.prefix.size()) continue;
    return MasterKeySource{form.kind, std::string(text.substr(form.prefix.size()))};
  }
  return fail(Error{Code::invalid_argument, "that does not say where the master key is",
                    "file:PATH, env:NAME or command:SHELL COMMAND"});
}

Result<Secret> load_master_key(const MasterKeySource& source) {
  Result<std::string> text = source.kind == MasterKeySource::Kind::file ? read_key_file(source)
                             : source.kind == MasterKeySource::Kind::environment
                                 ? read_variable(source)
                                 : run_command(source);
  if (!text) return fail(std::move(text).error().with("read the master key"));
  return decode_key(*text, source);
}

Result<Secret> create_master_key(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    return fail(Code::conflict, "{} exists already", path.string());
  }
  Secret key(random_bytes(kKeySize));
  auto written = write_file_atomically(path, key.reveal(), 0600);
  if (!written) return fail(std::move(written).error().with("make a master key"));
  return key;
}

std::string fingerprint_of(const Secret& master_key) {
  return hex_encode(hmac_sha256(master_key.reveal(), "ferry master key fingerprint")).substr(0, 16);
}

}  // namespace ferry::store
