// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// Whether devices may have authorities of their own; NULL: as the level above has it.
inline constexpr std::string_view k0012EdgeAuthorities = R"sql(
ALTER TABLE registration_policies ADD COLUMN edge_authorities INTEGER;
)sql";

}  // namespace ferry::store
