// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.hpp"

#include <array>

#include "store/migrations/0001_fleet.hpp"

namespace ferry::store {

std::span<const std::string_view> migrations() {
  static constexpr std::array<std::string_view, 1> kMigrations{k0001Fleet};
  return kMigrations;
}

}  // namespace ferry::store
