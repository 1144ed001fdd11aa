// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"

namespace ferry::cli {

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

// Aligned columns. When they are wider than the terminal, the widest ones are cut with an ellipsis;
// what goes to a file or a pipe is never cut.
class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void add(std::vector<Cell> row);  // as many cells as there are headers
  bool empty() const { return rows_.empty(); }
  // `width` 0 is unlimited.
  std::string render(std::size_t width, bool colours) const;

 private:
  std::vector<std::size_t> fitted_widths(std::size_t width) const;
  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

// Code points, which is close enough to columns for names and numbers.
std::size_t display_width(std::string_view utf8);

// The text with everything that could drive a terminal (control characters) replaced by blanks.
std::string printable(std::string_view text);

}  // namespace ferry::cli
