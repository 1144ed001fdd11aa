// SPDX-License-Identifier: Apache-2.0
// Private to amqp/: between qpid-proton's own data and ours.
#pragma once

#include <proton/codec.h>
#include <proton/condition.h>

#include "drydock/amqp/container.hpp"

struct pn_transport_t;

namespace drydock::amqp {

void put_condition(pn_condition_t* condition, const Refusal& refusal);
std::string encoded(pn_data_t* data);  // empty when there is nothing in it

// Offers MSSBCBS, PLAIN, ANONYMOUS and EXTERNAL and has Connection::admit judge. MSSBCBS is what
// the .NET clients insist on: a peer that will show its tokens to $cbs.
void use_own_sasl(pn_transport_t* transport, class Connection& connection);

}  // namespace drydock::amqp
