// SPDX-License-Identifier: Apache-2.0
#include "fleet/azure_id.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace ferry::fleet {

std::string AzureId::path() const {
  return fmt::format("/resourceGroups/{}/providers/{}/{}", group, type, name);
}

Result<AzureId> parse_azure_id(std::string_view text) {
  const auto parts = split(text, '/');
  const bool good =
      parts.size() == 9 && parts[0].empty() && equals_ignore_case(parts[1], "subscriptions") &&
      equals_ignore_case(parts[3], "resourceGroups") && equals_ignore_case(parts[5], "providers") &&
      std::none_of(parts.begin() + 1, parts.end(), [](const std::string& part) {
        return part.empty() || part.find_first_of("?#%{}$ ") != std::string::npos;
      });
  if (!good) {
    return fail(Error{Code::invalid_argument, fmt::format("'{}' is no resource's Azure id", text),
                      "it looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/"
                      "Microsoft.Devices/IotHubs/NAME; az resource list shows ids"});
  }
  return AzureId{parts[2], parts[4], parts[6] + "/" + parts[7], parts[8]};
}

}  // namespace ferry::fleet
