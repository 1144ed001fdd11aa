// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/sessions.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "control/context.hpp"
#include "control/registration/token_hash.hpp"

namespace ferry::control {
namespace {

constexpr std::chrono::hours kLife{12};
constexpr FailureAllowance kAllowance{.burst = 10, .refill = std::chrono::seconds(6)};

// Follows from the cookie alone, so that it need not be kept.
Secret csrf_of(const Secret& cookie) {
  return Secret(base64url_encode(hmac_sha256(cookie.reveal(), "ferry csrf")));
}

Unexpected unknown_session() {
  return fail(Error{Code::unauthenticated, "you are not signed in, or the session has ended",
                    "sign in with an API token"});
}

}  // namespace

Sessions::Sessions(Context& context) : context_(context), failures_(context.clock, kAllowance) {}

Result<NewSession> Sessions::sign_in(const Secret& api_token, const std::string& origin) {
  const std::string from = address_key(origin);
  if (auto allowed = failures_.check(from); !allowed) return fail(std::move(allowed).error());
  auto caller = Access(context_).authenticate(api_token);
  if (!caller) {
    if (caller.error().code == Code::unauthenticated) failures_.count(from);
    return fail(std::move(caller).error());
  }
  failures_.forgive(from);
  const auto now = context_.clock.now();
  if (auto removed = context_.store.sessions.remove_expired(now); !removed) {
    return fail(std::move(removed).error());
  }
  Secret cookie(base64url_encode(random_bytes(32)));
  const store::Session record{hash_token(cookie), hash_token(api_token), now, now + kLife};
  if (auto inserted = context_.store.sessions.insert(record); !inserted) {
    return fail(std::move(inserted).error());
  }
  Secret csrf = csrf_of(cookie);
  return NewSession{std::move(cookie), {*std::move(caller), std::move(csrf), record.expires_at}};
}

Result<Session> Sessions::find(const Secret& cookie) const {
  auto record = context_.store.sessions.find(hash_token(cookie));
  if (!record) return fail(std::move(record).error());
  if (!*record || (*record)->expires_at <= context_.clock.now()) return unknown_session();
  auto caller = Access(context_).authenticate_hash((*record)->token);
  if (!caller) return fail(std::move(caller).error());
  return Session{*std::move(caller), csrf_of(cookie), (*record)->expires_at};
}

Result<void> Sessions::sign_out(const Secret& cookie) {
  return context_.store.sessions.remove(hash_token(cookie));
}

}  // namespace ferry::control
