// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <vector>

#include "api/daemon.hpp"
#include "api/master_key_command.hpp"
#include "base/log.hpp"

namespace {

int rotate_master_key(const std::vector<std::string>& arguments) {
  auto wanted = ferry::api::parse_rotate_arguments(arguments);
  if (!wanted) {
    ferry::log::error("ferryd", "{}", wanted.error().describe());
    return 2;
  }
  const auto rotated = ferry::api::rotate_master_key(*wanted);
  if (!rotated) ferry::log::error("ferryd", "{}", rotated.error().describe());
  return rotated ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments.front() == "rotate-master-key") {
    return rotate_master_key(arguments);
  }
  auto options = ferry::api::parse_daemon_arguments(arguments);
  if (!options) {
    ferry::log::error("ferryd", "{}", options.error().describe());
    return 2;
  }
  const auto served = ferry::api::run_daemon(*options);
  if (!served) ferry::log::error("ferryd", "{}", served.error().describe());
  return served ? 0 : 1;
}
