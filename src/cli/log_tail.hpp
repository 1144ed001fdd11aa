// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ferry::cli {

// The lines at the end of `now` that were not at the end of `before`, where both are the last lines
// of one growing log: the longest end of `before` that is a beginning of `now` is taken as known.
std::string new_lines(std::string_view before, std::string_view now);

}  // namespace ferry::cli
