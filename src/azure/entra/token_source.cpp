// SPDX-License-Identifier: Apache-2.0
#include "azure/entra/token_source.hpp"

#include <algorithm>

namespace ferry::azure {
namespace {

constexpr std::chrono::seconds kEarly{300};

}  // namespace

std::optional<Secret> CachedTokenSource::good(std::string_view scope) const {
  const auto found = kept_.find(scope);
  if (found == kept_.end() || pipeline_.clock().now() >= found->second.renew_at) {
    return std::nullopt;
  }
  return found->second.token;
}

net::Task<Result<Secret>> CachedTokenSource::token(std::string scope) {
  if (auto kept = good(scope)) co_return *std::move(kept);
  if (!asking_) {
    const net::Executor executor = co_await net::current_executor();
    if (!asking_) asking_ = std::make_unique<net::AsyncMutex>(executor);
  }
  auto guard = co_await asking_->lock();
  // Somebody else may have asked meanwhile.
  if (auto kept = good(scope)) co_return *std::move(kept);
  auto fresh = co_await fetch(scope);
  const Timestamp now = pipeline_.clock().now();
  if (fresh) {
    const auto early = std::min(kEarly, fresh->life / 2);
    kept_.insert_or_assign(scope,
                           Kept{fresh->token, now + (fresh->life - early), now + fresh->life});
    co_return fresh->token;
  }
  const auto old = kept_.find(scope);
  if (old != kept_.end() && now < old->second.expires_at) co_return old->second.token;
  co_return fail(std::move(fresh).error());
}

void CachedTokenSource::forget(std::string_view scope) {
  const auto found = kept_.find(scope);
  if (found != kept_.end()) kept_.erase(found);
}

Authorize authorize_with_token(TokenSource& source, std::string scope) {
  return [&source, scope = std::move(scope)](net::HttpCall& call) -> net::Task<Result<void>> {
    auto token = co_await source.token(scope);
    if (!token) co_return fail(std::move(token).error());
    call.headers.set("Authorization", "Bearer " + token->reveal());
    co_return Result<void>();
  };
}

}  // namespace ferry::azure
