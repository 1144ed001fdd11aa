// SPDX-License-Identifier: Apache-2.0
// The database schema, grown by numbered steps. A step that has been released never changes: the
// next change is a new file in migrations/ and a new line in migrations.cpp.
#pragma once

#include <span>
#include <string_view>

namespace ferry::store {

std::span<const std::string_view> migrations();

}  // namespace ferry::store
