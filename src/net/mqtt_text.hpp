// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::net::mqtt {

// What section 1.5.3 allows in a string: well-formed UTF-8 (RFC 3629, so no surrogates) without
// U+0000. Its length is checked elsewhere.
bool is_valid_text(std::string_view text);

}  // namespace ferry::net::mqtt
