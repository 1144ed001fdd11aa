// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <vector>

#include "api/daemon.hpp"
#include "base/log.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto options = ferry::api::parse_daemon_arguments(arguments);
  if (!options) {
    ferry::log::error("ferryd", "{}", options.error().describe());
    return 2;
  }
  const auto served = ferry::api::run_daemon(*options);
  if (!served) ferry::log::error("ferryd", "{}", served.error().describe());
  return served ? 0 : 1;
}
