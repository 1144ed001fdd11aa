// SPDX-License-Identifier: Apache-2.0
#include "api/master_key_command.hpp"

#include <sys/stat.h>

#include <cstdio>

#include "base/file.hpp"
#include "store/rotation.hpp"

namespace ferry::api {
namespace {

constexpr std::string_view kUsage =
    "ferryd rotate-master-key --data DIR [--master-key SOURCE] [--new-master-key SOURCE]; "
    "SOURCE: file:PATH, env:NAME or command:SHELL COMMAND";

Error misuse(std::string message) {
  return Error{Code::invalid_argument, std::move(message), std::string(kUsage)};
}

}  // namespace

Result<RotateMasterKey> parse_rotate_arguments(const std::vector<std::string>& arguments) {
  RotateMasterKey wanted;
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const auto& name = arguments[i];
    if (i + 1 == arguments.size()) return fail(misuse(fmt::format("{} needs a value", name)));
    const auto& value = arguments[i + 1];
    if (name == "--data") {
      wanted.data = value;
      continue;
    }
    if (name != "--master-key" && name != "--new-master-key") {
      return fail(misuse(fmt::format("rotate-master-key does not know {}", name)));
    }
    auto source = store::parse_master_key_source(value);
    if (!source) return fail(std::move(source).error().with("{}", name));
    (name == "--master-key" ? wanted.current : wanted.replacement) = *std::move(source);
  }
  if (wanted.data.empty()) return fail(misuse("--data is missing"));
  return wanted;
}

Result<void> rotate_master_key(const RotateMasterKey& wanted) {
  ::umask(077);
  auto lock = FileLock::acquire(wanted.data / "ferryd.lock");
  if (!lock) {
    return fail(std::move(lock).error().advise("stop ferryd first, and start it again afterwards"));
  }
  auto fingerprint = store::rotate_master_key(wanted.data, wanted.current, wanted.replacement);
  if (!fingerprint) return fail(std::move(fingerprint).error().with("change the master key"));
  std::printf("every secret is sealed anew under the master key with fingerprint %s\n",
              fingerprint->c_str());
  return {};
}

}  // namespace ferry::api
