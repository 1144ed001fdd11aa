// SPDX-License-Identifier: Apache-2.0
// A device with an enrollment token: is it let in, must it wait, is it refused? Everything here
// runs inside the caller's transaction.
#pragma once

#include <string>
#include <variant>

#include "control/registration/registration.hpp"
#include "store/enrollments.hpp"

namespace ferry::control {

// The device's node, and the hash of the one-time token that the node got with it. Nobody ever
// holds that token: it is there so that enrolled nodes get one certificate by the same rules.
struct EnrolledNode {
  fleet::Node node;
  std::string token_hash;
};

using Admission = std::variant<std::monostate, EnrolledNode, AwaitedApproval>;

// monostate: there is no enrollment with that token, or it is revoked or expired.
// Code::invalid_argument: name or hardware id are missing or not fit; Code::conflict: the name is
// another device's; Code::permission_denied: rejected, or the quota is used up.
Result<Admission> enrol(Context& context, const std::string& token_hash,
                        const LoginRequest& request);

// Makes the node that `request` asks for and notes it there. Code::conflict when its name has been
// taken meanwhile, Code::permission_denied when the enrollment's quota is used up.
Result<fleet::Node> make_enrolled_node(Context& context, const store::Enrollment& enrollment,
                                       store::RegistrationRequest& request,
                                       const std::string& actor);

}  // namespace ferry::control
