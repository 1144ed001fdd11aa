// SPDX-License-Identifier: Apache-2.0
// Who asks: a program by its API token, or a browser by the cookie of its session.
#pragma once

#include "control/control.hpp"
#include "net/http.hpp"

namespace ferry::api {

// The API token or access token of an Authorization header; empty when there is none.
Secret bearer_token(const net::HttpRequest& request);

// An Authorization header decides alone; without one the cookie does. With a cookie, whatever is
// not GET or HEAD needs the session's X-Ferry-CSRF header too (Code::permission_denied).
Result<control::Identity> caller_of(const control::Control& control,
                                    const net::HttpRequest& request);

// The secret in the session's cookie; empty when there is none.
Secret session_cookie(const net::HttpRequest& request);
// Whether the request may change something in the name of `session`.
Result<void> check_csrf(const control::Session& session, const net::HttpRequest& request);

// Values for Set-Cookie. The name's prefix makes browsers insist on Secure and Path=/.
std::string set_session_cookie(const Secret& cookie, std::chrono::seconds life);
std::string clear_session_cookie();

}  // namespace ferry::api
