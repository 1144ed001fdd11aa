// SPDX-License-Identifier: Apache-2.0
#include "agent/desired_properties.hpp"

#include "agent/merge_patch.hpp"

namespace ferry::agent {

DesiredProperties::Outcome DesiredProperties::replace(const json::object& desired) {
  json::object clean = without_system_members(desired);
  const std::int64_t version = int_or(desired, "$version", 0);
  clean["$version"] = version;
  if (version_ == version && clean == document_) return Outcome::unchanged;
  document_ = std::move(clean);
  version_ = version;
  return Outcome::changed;
}

DesiredProperties::Outcome DesiredProperties::patch(const json::object& patch,
                                                    std::int64_t version) {
  if (version_ && version <= *version_) return Outcome::unchanged;
  if (!version_ || version != *version_ + 1) return Outcome::out_of_step;
  apply_merge_patch(document_, without_system_members(patch));
  document_["$version"] = version;
  version_ = version;
  return Outcome::changed;
}

}  // namespace ferry::agent
