// SPDX-License-Identifier: Apache-2.0
// When the device goes back by itself to the composition that last worked, and when a new one has
// proven itself. Pure. The cloud need not be reached for it: the old document and the old images
// are kept until the new ones are proven.
#pragma once

#include <string>

#include "agent/reconcile.hpp"

namespace ferry::agent {

// What was tried and is not tried again; kept on disk.
struct FallenFrom {
  std::string content;       // content_of() the document
  std::int64_t version = 0;  // $version under which it was offered last
  std::string reason;
  Timestamp at;
};

// So many starts anew of a changed module are a crash loop.
inline constexpr int kReturnAfter = 3;

// What a desired document runs, whatever its $version and the registry's password: two documents of
// one content are one composition.
std::string content_of(const json::object& desired);

// Why the device should go back to `good`: a module that differs between the two starts again and
// again, or cannot be started although its image is there. Empty: it should not. A module that is
// the same in both is no reason, and neither is an image that cannot be fetched.
std::string reason_to_return(const World& world, const Composition& good);

// Everything stands, and has run without a break for so long.
bool is_proven(const World& world, const Plan& plan, Timestamp now, std::chrono::seconds duration);

}  // namespace ferry::agent
