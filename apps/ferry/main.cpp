// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include "cli/program.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return ferry::cli::run_program({argv + 1, argv + argc}, ferry::cli::process_environment(),
                                 ferry::cli::Terminal::standard());
}
