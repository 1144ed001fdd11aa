// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry::oci {

// RFC 1952 by ISA-L at level 1; the header holds neither time nor name.
Result<std::string> gzip(std::string_view bytes);

}  // namespace ferry::oci
