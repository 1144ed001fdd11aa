// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/access.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace drydock::registry {
namespace {

constexpr std::string_view kAdminSubject = "admin";
constexpr std::string_view kTokenSubject = "token:";
constexpr std::string_view kIdentitySubject = "entra:";

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kScopeMapActions = {{
    {"content/read", "pull"},
    {"content/write", "push"},
    {"content/delete", "delete"},
    {"metadata/read", "metadata_read"},
    {"metadata/write", "metadata_write"},
}};

bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool same(const ferry::Secret& a, const ferry::Secret& b) {
  return !a.empty() && ferry::constant_time_equal(a.reveal(), b.reveal());
}

}  // namespace

std::optional<Scope> parse_scope(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  Scope scope{std::string(text.substr(0, first)),
              std::string(text.substr(first + 1, last - first - 1)),
              {}};
  for (const std::string& action : ferry::split(text.substr(last + 1), ',')) {
    if (!action.empty()) scope.actions.push_back(action);
  }
  return scope;
}

std::string format_scope(const Scope& scope) {
  std::string text = scope.type + ":" + scope.name + ":";
  for (std::size_t i = 0; i < scope.actions.size(); ++i) {
    text += (i == 0 ? "" : ",") + scope.actions[i];
  }
  return text;
}

Principal Principal::unrestricted(std::string subject) {
  Principal principal;
  principal.subject_ = std::move(subject);
  principal.unrestricted_ = true;
  return principal;
}

Principal Principal::repository_token(const RegistryToken& token) {
  constexpr std::string_view kPrefix = "repositories/";
  Principal principal;
  principal.subject_ = fmt::format("{}{}", kTokenSubject, token.name);
  for (const std::string& text : token.actions) {
    if (!text.starts_with(kPrefix)) continue;
    const std::string_view rest = std::string_view(text).substr(kPrefix.size());
    for (const auto& [mapped, action] : kScopeMapActions) {
      if (rest.size() <= mapped.size() + 1 || !rest.ends_with(mapped)) continue;
      const std::string_view repository = rest.substr(0, rest.size() - mapped.size());
      if (!repository.ends_with('/')) continue;
      principal.grants_.push_back(
          {std::string(repository.substr(0, repository.size() - 1)), std::string(action)});
    }
  }
  return principal;
}

bool Principal::may(std::string_view type, std::string_view name, std::string_view action) const {
  if (unrestricted_) return true;
  if (type != "repository") return false;
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return grant.action == action && matches(grant.pattern, name);
  });
}

Scope Principal::allowed(const Scope& wanted) const {
  Scope scope{wanted.type, wanted.name, {}};
  for (const std::string& action : wanted.actions) {
    if (action != "*" || unrestricted_) {
      if (may(wanted.type, wanted.name, action)) scope.actions.push_back(action);
      continue;
    }
    for (const auto& [mapped, each] : kScopeMapActions) {
      if (may(wanted.type, wanted.name, each)) scope.actions.emplace_back(each);
    }
  }
  return scope;
}

std::optional<Principal> authenticate(const RegistryInfo& registry, std::string_view user,
                                      const ferry::Secret& password, ferry::Timestamp now) {
  if (registry.admin_enabled && ferry::equals_ignore_case(user, registry.name)) {
    for (const ferry::Secret& admin : registry.admin_passwords) {
      if (same(admin, password)) return Principal::unrestricted(std::string(kAdminSubject));
    }
  }
  for (const RegistryToken& token : registry.tokens) {
    if (!token.enabled || !ferry::equals_ignore_case(user, token.name)) continue;
    for (const RegistryToken::Password& candidate : token.passwords) {
      const bool expired = candidate.expiry && *candidate.expiry <= now;
      if (!expired && same(candidate.value, password)) return Principal::repository_token(token);
    }
  }
  return std::nullopt;
}

std::optional<Principal> find_principal(const RegistryInfo& registry, std::string_view subject) {
  if (subject.starts_with(kIdentitySubject)) return Principal::unrestricted(std::string(subject));
  if (subject == kAdminSubject && registry.admin_enabled) {
    return Principal::unrestricted(std::string(subject));
  }
  if (subject.starts_with(kTokenSubject)) {
    for (const RegistryToken& token : registry.tokens) {
      if (token.enabled && token.name == subject.substr(kTokenSubject.size())) {
        return Principal::repository_token(token);
      }
    }
  }
  return std::nullopt;
}

}  // namespace drydock::registry
