// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>

namespace ferry::cli {
namespace {

std::size_t columns_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

struct StateTone {
  std::string_view state;
  Tone tone;
};
constexpr std::array kStates{
    StateTone{"ready", Tone::good},        StateTone{"running", Tone::good},
    StateTone{"succeeded", Tone::good},    StateTone{"published", Tone::good},
    StateTone{"online", Tone::good},       StateTone{"pending", Tone::busy},
    StateTone{"provisioning", Tone::busy}, StateTone{"publishing", Tone::busy},
    StateTone{"deleting", Tone::busy},     StateTone{"backoff", Tone::busy},
    StateTone{"unknown", Tone::busy},      StateTone{"failed", Tone::bad},
    StateTone{"offline", Tone::bad},       StateTone{"stopped", Tone::bad},
    StateTone{"unhealthy", Tone::bad},     StateTone{"draft", Tone::dim},
};

}  // namespace

Terminal Terminal::standard() {
  Terminal terminal{std::cout, std::cerr};
  terminal.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
  terminal.colours = terminal.out_is_terminal && (!no_color || *no_color == '\0');
  terminal.width = terminal.out_is_terminal ? columns_of(STDOUT_FILENO) : 0;
  // Shells do not export COLUMNS: whoever sets it knows where the output is going to be shown.
  const char* columns = std::getenv("COLUMNS");
  if (const int wanted = columns ? std::atoi(columns) : 0; wanted > 0) {
    terminal.width = static_cast<std::size_t>(wanted);
  }
  return terminal;
}

std::string paint(std::string_view text, Tone tone, bool colours) {
  if (!colours || tone == Tone::plain) return std::string(text);
  int code = 0;
  switch (tone) {
    case Tone::plain:
      break;
    case Tone::good:
      code = 32;
      break;
    case Tone::busy:
      code = 33;
      break;
    case Tone::bad:
      code = 31;
      break;
    case Tone::dim:
      code = 2;
      break;
    case Tone::strong:
      code = 1;
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

Tone tone_of(std::string_view state) {
  for (const auto& known : kStates) {
    if (known.state == state) return known.tone;
  }
  return Tone::plain;
}

}  // namespace ferry::cli
