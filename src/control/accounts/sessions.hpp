// SPDX-License-Identifier: Apache-2.0
// Sessions of people in front of a browser. An API token is exchanged once for a cookie, so that
// the token itself is in no page's reach. The cookie's secret is kept as a hash only.
#pragma once

#include <string>

#include "control/accounts/access.hpp"
#include "control/accounts/failure_limit.hpp"

namespace ferry::control {

struct Session {
  Identity caller;
  // What a page must repeat in a header with everything that changes something: another site can
  // make the browser send the cookie, but cannot read this.
  Secret csrf;
  Timestamp expires_at;
};

struct NewSession {
  Secret cookie;
  Session session;
};

class Sessions {
 public:
  explicit Sessions(Context& context);

  // `origin`: the address that asks, "1.2.3.4:567". Code::unauthenticated for an unknown token,
  // Code::resource_exhausted after too many of them from one origin.
  Result<NewSession> sign_in(const Secret& api_token, const std::string& origin);
  // Code::unauthenticated when the session is unknown, expired or signed out.
  Result<Session> find(const Secret& cookie) const;
  // Does nothing for an unknown one.
  Result<void> sign_out(const Secret& cookie);

 private:
  Context& context_;
  FailureLimit failures_;
};

}  // namespace ferry::control
