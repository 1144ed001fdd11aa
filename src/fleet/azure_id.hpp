// SPDX-License-Identifier: Apache-2.0
// The id of a resource in Azure, taken apart. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry::fleet {

// "/subscriptions/{subscription}/resourceGroups/{group}/providers/{type}/{name}" of a resource that
// is no part of another. Azure compares all of it without regard to case.
struct AzureId {
  std::string subscription;
  std::string group;
  std::string type;  // "Microsoft.Devices/IotHubs"
  std::string name;
  std::string path() const;  // without the subscription: "/resourceGroups/..."
};
Result<AzureId> parse_azure_id(std::string_view text);

}  // namespace ferry::fleet
