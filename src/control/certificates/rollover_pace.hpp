// SPDX-License-Identifier: Apache-2.0
// How fast the nodes of an authority that leaves renew: each is told a time of its own, and however
// many ask at once (a plant whose power comes back), no more are served in a minute than the
// rollover allows, because each renewal changes an identity in the IoT Hub. Who is told to wait
// loses nothing: what it has is good until the authority goes, which waits for all.
#pragma once

#include <optional>

#include "control/context.hpp"
#include "store/certificates.hpp"

namespace ferry::control {

// When a node that uses this certificate should renew because its authority leaves; nullopt while
// it does not. Nodes are spread over the time that their number takes at the rollover's rate.
Result<std::optional<Timestamp>> rollover_renewal(const Context& context,
                                                  const store::CertificateRecord& certificate);

// Takes a place in the present minute for the renewal of `certificate`, when its authority leaves.
// Code::resource_exhausted when there is none left. A certificate in its last day is let through.
Result<void> take_renewal_place(Context& context, const store::CertificateRecord& certificate);

}  // namespace ferry::control
