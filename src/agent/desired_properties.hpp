// SPDX-License-Identifier: Apache-2.0
// Follows the desired properties of a module twin through whole documents and patches. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/json.hpp"

namespace ferry::agent {

class DesiredProperties {
 public:
  enum class Outcome {
    changed,      // document() is newer than before
    unchanged,    // known already
    out_of_step,  // a patch is missing: only a whole document helps
  };

  // From a twin GET. Always the truth, also when its version is lower (the device was made anew).
  Outcome replace(const json::object& desired);
  // From a notification. Applied only when its version is the known one plus 1: notifications are
  // not kept for a device that was away, so a gap means that something was missed.
  Outcome patch(const json::object& patch, std::int64_t version);

  const json::object& document() const { return document_; }  // with "$version"
  std::optional<std::int64_t> version() const { return version_; }

 private:
  json::object document_;
  std::optional<std::int64_t> version_;
};

}  // namespace ferry::agent
