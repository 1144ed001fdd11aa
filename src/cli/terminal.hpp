// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace ferry::cli {

enum class Tone { plain, good, busy, bad, dim, strong };

// Where a command writes: answers to `out`, progress and errors to `err`. Borrows both streams.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colours = false;   // only on a terminal, and NO_COLOR is not set
  std::size_t width = 0;  // columns; 0: unlimited, because nobody looks at a terminal

  // Standard output and standard error of this process.
  static Terminal standard();
};

std::string paint(std::string_view text, Tone tone, bool colours);

// The tone for a state word of the API: ready, running, failed, ...
Tone tone_of(std::string_view state);

}  // namespace ferry::cli
