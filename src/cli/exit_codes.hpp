// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

namespace ferry::cli {

// What the shell sees, so that scripts can tell causes apart without reading text. 0 is success.
int exit_code(Code code);

}  // namespace ferry::cli
