// SPDX-License-Identifier: Apache-2.0
// One line per event on standard error: time, level, component, message. Messages never hold
// secrets: what may be a secret is a Secret (base/secret.hpp), which does not format.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace ferry::log {

enum class Level { debug, info, warning, error };

void set_minimum_level(Level level);
void write(Level level, std::string_view component, std::string_view message);

template <class... Args>
void debug(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::debug, component, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::info, component, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::warning, component, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::error, component, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace ferry::log
