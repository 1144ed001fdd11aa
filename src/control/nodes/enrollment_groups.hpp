// SPDX-License-Identifier: Apache-2.0
// A node group's enrollment group in DPS, as the database says it must be: the authority that
// issues is its primary certificate, the one that comes or goes beside it the secondary.
#pragma once

#include "control/context.hpp"
#include "control/workflow/workflow.hpp"

namespace ferry::control {

// Code::internal when the group has no authority that issues.
Result<azure::EnrollmentGroup> enrollment_of(const Context& context,
                                             const fleet::Workspace& workspace,
                                             const fleet::NodeGroup& group);

// Whether the group, or its whole workspace, is shut out.
Result<bool> is_revoked(const Context& context, const fleet::NodeGroup& group);

// Creates or replaces it. Whether it is enabled stays as it is there; a new one is when the group
// is not revoked.
net::Task<Result<void>> write_enrollment_group(Context& context, fleet::Workspace workspace,
                                               fleet::NodeGroup group);

// Brings enrollments in line with what is revoked: those of all groups that have one, then those of
// nodes' own.
net::Task<Result<void>> settle_workspace_enrollments(Context& context, fleet::WorkspaceId workspace,
                                                     StepContext& step);

}  // namespace ferry::control
