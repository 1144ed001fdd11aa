// SPDX-License-Identifier: Apache-2.0
// What devices are answered when it is no certificate (docs/api.md, "Installer protocol").
#pragma once

#include "control/registration/issuing.hpp"
#include "net/http.hpp"

namespace ferry::api {

// As everywhere, with the time to come again where that helps.
net::HttpResponse device_refusal(const Error& error);
// 202: a person has to decide first.
net::HttpResponse approval_awaited(const control::AwaitedApproval& approval);

}  // namespace ferry::api
