// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// What the last verification found of each resource: an array of fleet::Drift.
inline constexpr std::string_view k0008Drift = R"sql(
ALTER TABLE resources ADD COLUMN drift TEXT NOT NULL DEFAULT '[]';
)sql";

}  // namespace ferry::store
