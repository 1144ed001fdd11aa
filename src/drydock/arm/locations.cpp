// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/locations.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"

namespace drydock::arm {

namespace {

constexpr std::array kLocations = {
    Location{"australiaeast", "Australia East", "Asia Pacific", "australiasoutheast"},
    Location{"australiasoutheast", "Australia Southeast", "Asia Pacific", "australiaeast"},
    Location{"brazilsouth", "Brazil South", "South America", "southcentralus"},
    Location{"canadacentral", "Canada Central", "Canada", "canadaeast"},
    Location{"canadaeast", "Canada East", "Canada", "canadacentral"},
    Location{"centralindia", "Central India", "Asia Pacific", "southindia"},
    Location{"centralus", "Central US", "US", "eastus2"},
    Location{"eastasia", "East Asia", "Asia Pacific", "southeastasia"},
    Location{"eastus", "East US", "US", "westus"},
    Location{"eastus2", "East US 2", "US", "centralus"},
    Location{"francecentral", "France Central", "Europe", "francesouth"},
    Location{"germanywestcentral", "Germany West Central", "Europe", "germanynorth"},
    Location{"japaneast", "Japan East", "Asia Pacific", "japanwest"},
    Location{"japanwest", "Japan West", "Asia Pacific", "japaneast"},
    Location{"koreacentral", "Korea Central", "Asia Pacific", "koreasouth"},
    Location{"northcentralus", "North Central US", "US", "southcentralus"},
    Location{"northeurope", "North Europe", "Europe", "westeurope"},
    Location{"norwayeast", "Norway East", "Europe", "norwaywest"},
    Location{"southafricanorth", "South Africa North", "Africa", "southafricawest"},
    Location{"southcentralus", "South Central US", "US", "northcentralus"},
    Location{"southeastasia", "Southeast Asia", "Asia Pacific", "eastasia"},
    Location{"swedencentral", "Sweden Central", "Europe", "swedensouth"},
    Location{"switzerlandnorth", "Switzerland North", "Europe", "switzerlandwest"},
    Location{"uaenorth", "UAE North", "Middle East", "uaecentral"},
    Location{"uksouth", "UK South", "Europe", "ukwest"},
    Location{"ukwest", "UK West", "Europe", "uksouth"},
    Location{"westcentralus", "West Central US", "US", "westus2"},
    Location{"westeurope", "West Europe", "Europe", "northeurope"},
    Location{"westus", "West US", "US", "eastus"},
    Location{"westus2", "West US 2", "US", "westcentralus"},
    Location{"westus3", "West US 3", "US", "eastus"},
};

}  // namespace

std::span<const Location> all_locations() {
  return kLocations;
}

const Location* find_location(std::string_view text) {
  std::string name = ferry::to_lower(text);
  std::erase(name, ' ');
  const auto* found = std::ranges::find(kLocations, name, &Location::name);
  return found == kLocations.end() ? nullptr : found;
}

}  // namespace drydock::arm
