// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/access.hpp"

#include "control/certificates/authority.hpp"
#include "control/registration/token_hash.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

constexpr std::size_t kShortestToken = 32;

}  // namespace

Result<void> Access::ensure_owner(const std::string& organization, const std::string& user,
                                  const Secret& api_token) {
  if (api_token.reveal().size() < kShortestToken) {
    return fail(Code::invalid_argument, "an API token needs at least {} characters",
                kShortestToken);
  }
  auto name_is_good = fleet::check_label("organization name", organization, 63);
  if (!name_is_good) return name_is_good;
  auto found = context_.store.organizations.find_by_name(organization);
  if (!found) return fail(std::move(found).error());
  fleet::Organization owner;
  if (*found) {
    owner = **found;
  } else {
    owner = {fleet::OrganizationId(random_id("org")), organization, context_.clock.now()};
    auto inserted = context_.store.organizations.insert(owner);
    if (!inserted) return inserted;
  }
  auto root = ensure_organization_root(context_, owner);
  if (!root) return fail(std::move(root).error());

  auto member = context_.store.organizations.find_user(owner.id, user);
  if (!member) return fail(std::move(member).error());
  std::string user_id;
  if (*member) {
    user_id = (*member)->id;
  } else {
    user_id = random_id("user");
    auto inserted = context_.store.organizations.insert_user(
        {user_id, owner.id, user, fleet::Role::owner, context_.clock.now()});
    if (!inserted) return inserted;
  }
  return context_.store.organizations.add_api_token(hash_token(api_token), user_id,
                                                    context_.clock.now());
}

Result<Identity> Access::authenticate(const Secret& api_token) const {
  return authenticate_hash(hash_token(api_token));
}

Result<Identity> Access::authenticate_hash(const std::string& token_hash) const {
  auto user = context_.store.organizations.find_user_by_token(token_hash);
  if (!user) return fail(std::move(user).error());
  if (!*user) {
    return fail(Error{Code::unauthenticated, "the API token is not known",
                      "ferry up writes a profile with a token, or set FERRY_TOKEN"});
  }
  auto organization = context_.store.organizations.find((*user)->organization);
  if (!organization) return fail(std::move(organization).error());
  if (!*organization) return fail(Code::internal, "the user's organization is gone");
  return Identity{(*user)->name, (*user)->role, **std::move(organization)};
}

Result<std::vector<fleet::Organization>> Access::organizations(const Identity& caller) const {
  return std::vector<fleet::Organization>{caller.organization};
}

}  // namespace ferry::control
