// SPDX-License-Identifier: Apache-2.0
// Certificates, authorities and rollovers as docs/api.md has them.
#pragma once

#include "base/json.hpp"
#include "control/control.hpp"

namespace ferry::api {

json::object to_json(const control::CertificateView& certificate);
json::object to_json(const control::CertificateTree& tree);
json::object to_json(const control::ChainVerdict& verdict);
json::object to_json(const control::RolloverView& rollover);
json::object to_json(const control::PendingRequest& request);
json::object to_json(const control::PolicyView& policy);
Result<control::PolicyChange> read_policy(const json::object& body);

}  // namespace ferry::api
