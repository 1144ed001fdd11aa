// SPDX-License-Identifier: Apache-2.0
// What starting a rollover and running it share. Not for use outside of both and of what brings
// authorities from outside.
#pragma once

#include "control/certificates/authority.hpp"
#include "control/context.hpp"

namespace ferry::control {

// The shape of the authority that this record is one of.
Result<AuthorityShape> shape_of(const Context& context, const std::string& use,
                                const std::string& owner);

struct NewRollover {
  AuthorityShape shape;
  std::string arriving;  // certificate id in the state `next`; empty: to be made
  std::int64_t nodes_per_minute = 0;
};

struct BegunRollover {
  std::string id;
  store::Operation operation;
};

// Records it; inside a transaction. Launch the operation after the commit.
Result<BegunRollover> begin_rollover(Context& context, const NewRollover& request);

// "plant-a/line-1", "plant-a", or the organization's name.
Result<std::string> name_of_owner(const Context& context, const std::string& use,
                                  const std::string& owner);

// The same of any certificate: the node's name for a node's.
Result<std::string> name_of_certificate_owner(const Context& context,
                                              const store::CertificateRecord& record);

void define_rollover_workflow(Context& context);

}  // namespace ferry::control
