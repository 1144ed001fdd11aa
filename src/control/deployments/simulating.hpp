// SPDX-License-Identifier: Apache-2.0
// Several changes tried on a copy of the fleet. Nothing is kept and nothing is sent.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "fleet/plan.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct Context;

class Simulating {
 public:
  explicit Simulating(Context& context) : context_(context) {}

  // A change, or the id of a plan whose change it is.
  using Tried = std::variant<fleet::Change, std::string>;
  // What each would do once those before it had been applied, with consent. Ends with the first one
  // that could not be.
  net::Task<Result<std::vector<fleet::Plan>>> run(fleet::OrganizationId organization,
                                                  std::string workspace,
                                                  std::vector<Tried> changes);

 private:
  Context& context_;
};

}  // namespace ferry::control
