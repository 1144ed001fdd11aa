// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <algorithm>
#include <numeric>

#include "base/result.hpp"

namespace ferry::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // below this a column says nothing

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

std::string cut(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string kept;
  std::size_t columns = 0;
  for (char c : text) {
    if (starts_code_point(c) && ++columns == width) break;
    kept += c;
  }
  return kept + "…";
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), starts_code_point));
}

std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return clean;
}

void Table::add(std::vector<Cell> row) {
  FERRY_CHECK(row.size() == headers_.size());
  for (auto& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::fitted_widths(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    std::size_t widest = display_width(headers_[i]);
    for (const auto& row : rows_) widest = std::max(widest, display_width(row[i].text));
    widths.push_back(widest);
  }
  if (width == 0 || widths.empty()) return widths;
  const std::size_t gaps = kGap * (widths.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > width) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowest) break;
    --*widest;
  }
  return widths;
}

std::string Table::render(std::size_t width, bool colours) const {
  const auto widths = fitted_widths(width);
  std::string text;
  const auto put_row = [&](auto&& cell_at) {
    std::string line;
    std::size_t pending = 0;  // blanks owed before the next cell, so that no line ends in blanks
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      const Cell cell = cell_at(i);
      const std::string shown = cut(cell.text, widths[i]);
      if (!shown.empty()) {
        line.append(pending, ' ');
        line += paint(shown, cell.tone, colours);
        pending = 0;
      }
      pending += widths[i] - std::min(widths[i], display_width(shown)) + kGap;
    }
    text += line + "\n";
  };
  put_row([&](std::size_t i) { return Cell{headers_[i], Tone::dim}; });
  for (const auto& row : rows_) {
    put_row([&](std::size_t i) { return row[i]; });
  }
  return text;
}

}  // namespace ferry::cli
