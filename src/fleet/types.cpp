// SPDX-License-Identifier: Apache-2.0
#include "fleet/types.hpp"

#include <array>

namespace ferry::fleet {
namespace {

template <class Enum, std::size_t Count>
using Names = std::array<std::pair<Enum, std::string_view>, Count>;

template <class Enum, std::size_t Count>
std::string_view name_of(const Names<Enum, Count>& names, Enum value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  FERRY_CHECK(false);
}

template <class Enum, std::size_t Count>
Result<Enum> value_of(const Names<Enum, Count>& names, std::string_view what,
                      std::string_view text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  return fail(Code::invalid_argument, "'{}' is not a {}", text, what);
}

constexpr Names<LifeState, 4> kLifeStates{{{LifeState::provisioning, "provisioning"},
                                           {LifeState::ready, "ready"},
                                           {LifeState::failed, "failed"},
                                           {LifeState::deleting, "deleting"}}};
constexpr Names<ResourceState, 5> kResourceStates{{{ResourceState::planned, "planned"},
                                                   {ResourceState::creating, "creating"},
                                                   {ResourceState::ready, "ready"},
                                                   {ResourceState::failed, "failed"},
                                                   {ResourceState::deleting, "deleting"}}};
constexpr Names<ResourceOrigin, 2> kResourceOrigins{
    {{ResourceOrigin::created, "created"}, {ResourceOrigin::adopted, "adopted"}}};
constexpr Names<VersionState, 4> kVersionStates{{{VersionState::draft, "draft"},
                                                 {VersionState::publishing, "publishing"},
                                                 {VersionState::published, "published"},
                                                 {VersionState::failed, "failed"}}};
constexpr Names<RunState, 5> kRunStates{{{RunState::pending, "pending"},
                                         {RunState::running, "running"},
                                         {RunState::succeeded, "succeeded"},
                                         {RunState::failed, "failed"},
                                         {RunState::cancelled, "cancelled"}}};
constexpr Names<Role, 3> kRoles{
    {{Role::owner, "Owner"}, {Role::operator_, "Operator"}, {Role::viewer, "Viewer"}}};
constexpr Names<CredentialKind, 6> kCredentialKinds{
    {{CredentialKind::client_secret, "client-secret"},
     {CredentialKind::client_certificate, "client-certificate"},
     {CredentialKind::managed_identity, "managed-identity"},
     {CredentialKind::workload_identity, "workload-identity"},
     {CredentialKind::device_code, "device-code"},
     {CredentialKind::azure_cli, "azure-cli"}}};

}  // namespace

std::string_view to_string(LifeState state) {
  return name_of(kLifeStates, state);
}
std::string_view to_string(ResourceState state) {
  return name_of(kResourceStates, state);
}
std::string_view to_string(ResourceOrigin origin) {
  return name_of(kResourceOrigins, origin);
}
std::string_view to_string(VersionState state) {
  return name_of(kVersionStates, state);
}
std::string_view to_string(RunState state) {
  return name_of(kRunStates, state);
}
std::string_view to_string(Role role) {
  return name_of(kRoles, role);
}
std::string_view to_string(CredentialKind kind) {
  return name_of(kCredentialKinds, kind);
}

Result<LifeState> parse_life_state(std::string_view text) {
  return value_of(kLifeStates, "state", text);
}
Result<ResourceState> parse_resource_state(std::string_view text) {
  return value_of(kResourceStates, "resource state", text);
}
Result<ResourceOrigin> parse_resource_origin(std::string_view text) {
  return value_of(kResourceOrigins, "origin", text);
}
Result<VersionState> parse_version_state(std::string_view text) {
  return value_of(kVersionStates, "version state", text);
}
Result<RunState> parse_run_state(std::string_view text) {
  return value_of(kRunStates, "status", text);
}
Result<Role> parse_role(std::string_view text) {
  return value_of(kRoles, "role", text);
}
Result<CredentialKind> parse_credential_kind(std::string_view text) {
  return value_of(kCredentialKinds, "kind of credential", text);
}

}  // namespace ferry::fleet
