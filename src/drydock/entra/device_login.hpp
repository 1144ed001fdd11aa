// SPDX-License-Identifier: Apache-2.0
// Sign-in with a code (RFC 8628): a program shows a code, the user approves it with
// `drydock device-login approve CODE` or on a page, and the program's polling ends with tokens.
#pragma once

#include "base/clock.hpp"
#include "drydock/entra/principals.hpp"
#include "drydock/entra/refusal.hpp"

namespace drydock::entra {

struct DeviceLogin {
  std::string device_code;
  std::string user_code;
  std::chrono::seconds interval{};
  std::chrono::seconds lifetime{};
};

Outcome<DeviceLogin> begin_device_login(Principals& principals, std::string_view client_id,
                                        std::string_view scope, ferry::Timestamp now);

// What the program asks every few seconds. The scope that it began with, once, after the approval;
// else a refusal: authorization_pending, authorization_declined, expired_token,
// bad_verification_code.
Outcome<std::string> redeem_device_login(Principals& principals, std::string_view client_id,
                                         std::string_view device_code, ferry::Timestamp now);

enum class DeviceDecision { approve, decline };
// Case and separators of `user_code` do not matter. Code::not_found when no program waits with it.
ferry::Result<void> decide_device_login(Principals& principals, std::string_view user_code,
                                        DeviceDecision decision, ferry::Timestamp now);

// The page of the verification_uri; GET shows it, POST decides.
ferry::net::HttpResponse device_login_page(Principals& principals,
                                           const ferry::net::HttpRequest& request,
                                           const Endpoints& endpoints, ferry::Timestamp now);

}  // namespace drydock::entra
