// SPDX-License-Identifier: Apache-2.0
// Workspace CAs in DPS, each proven by possession of its key.
#pragma once

#include "control/context.hpp"
#include "control/workflow/workflow.hpp"

namespace ferry::control {

// Uploads the authority and proves possession, unless that has been done. `step` shows how far it
// is.
net::Task<Result<void>> ensure_verified_authority(Context& context, fleet::Workspace workspace,
                                                  store::CertificateRecord authority,
                                                  StepContext& step);
net::Task<Result<void>> remove_authority(Context& context, fleet::Workspace workspace,
                                         store::CertificateRecord authority);

}  // namespace ferry::control
