// SPDX-License-Identifier: Apache-2.0
// ferryd rotate-master-key: a new master key for the data of a ferryd that is not running.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/master_key.hpp"

namespace ferry::api {

struct RotateMasterKey {
  std::filesystem::path data;
  std::optional<store::MasterKeySource> current;
  std::optional<store::MasterKeySource> replacement;
};

// "rotate-master-key --data DIR [--master-key SOURCE] [--new-master-key SOURCE]"
Result<RotateMasterKey> parse_rotate_arguments(const std::vector<std::string>& arguments);

// Code::conflict while a ferryd uses the data. Prints what was done.
Result<void> rotate_master_key(const RotateMasterKey& wanted);

}  // namespace ferry::api
