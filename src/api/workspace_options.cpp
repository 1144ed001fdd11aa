// SPDX-License-Identifier: Apache-2.0
#include "api/workspace_options.hpp"

#include <algorithm>
#include <iterator>

namespace ferry::api {
namespace {

struct Member {
  const char* name;
  std::string fleet::AdoptedResources::* id;
};
constexpr Member kMembers[] = {
    {"hub", &fleet::AdoptedResources::iot_hub},
    {"provisioningService", &fleet::AdoptedResources::provisioning_service},
    {"storageAccount", &fleet::AdoptedResources::storage_account},
    {"registry", &fleet::AdoptedResources::registry}};

}  // namespace

// A misspelt member must not be taken for an absent one: a resource would be made and paid for.
Result<fleet::AdoptedResources> read_adopted(const json::object& body) {
  fleet::AdoptedResources adopted;
  const auto* value = body.if_contains("adopt");
  if (!value || value->is_null()) return adopted;
  if (!value->is_object()) return fail(Code::invalid_argument, "'adopt' must be an object");
  for (const auto& [name, id] : value->get_object()) {
    const auto member = std::find_if(std::begin(kMembers), std::end(kMembers),
                                     [&](const Member& each) { return name == each.name; });
    if (member == std::end(kMembers)) {
      return fail(Error{Code::invalid_argument, fmt::format("'{}' cannot be adopted", name.data()),
                        "hub, provisioningService, storageAccount and registry can"});
    }
    if (id.is_null()) continue;
    if (!id.is_string()) {
      return fail(Code::invalid_argument, "'adopt.{}' must be an Azure id", member->name);
    }
    adopted.*member->id = id.get_string().c_str();
  }
  return adopted;
}

json::value to_json(const fleet::AdoptedResources& adopted) {
  json::object object;
  for (const auto& member : kMembers) {
    if (!(adopted.*member.id).empty()) object[member.name] = adopted.*member.id;
  }
  if (object.empty()) return nullptr;
  return object;
}

}  // namespace ferry::api
