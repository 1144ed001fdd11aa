// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/certificate_policies.hpp"

#include "base/encoding.hpp"
#include "control/certificates/certificate_policy.hpp"
#include "control/lookup.hpp"

namespace ferry::control {
namespace {

constexpr std::int64_t kMostNodeDays = 731;

struct Level {
  std::string owner;
  std::optional<std::string> workspace;
  std::vector<std::string> owners;  // nearest first
};

Result<Level> find_level(const Context& context, const fleet::OrganizationId& organization,
                         const AuthorityTarget& target) {
  if (target.workspace.empty()) {
    return Level{organization.str(), std::nullopt, {organization.str()}};
  }
  auto workspace = find_workspace(context, organization, target.workspace);
  if (!workspace) return fail(std::move(workspace).error());
  const auto id = workspace->id.str();
  if (target.group.empty()) return Level{id, id, {id, organization.str()}};
  auto group = find_group(context, *workspace, target.group);
  if (!group) return fail(std::move(group).error());
  return Level{group->id.str(), id, {group->id.str(), id, organization.str()}};
}

Result<std::string> join_types(const std::vector<std::string>& words) {
  if (words.empty()) {
    return fail(Code::invalid_argument, "nodes need at least one kind of key");
  }
  std::string text;
  for (const auto& word : words) {
    auto type = x509::parse_key_type(word);
    if (!type) return fail(std::move(type).error());
    if (!text.empty()) text += ' ';
    text += to_string(*type);
  }
  return text;
}

}  // namespace

Result<PolicyView> CertificatePolicies::get(const fleet::OrganizationId& organization,
                                            const AuthorityTarget& target) const {
  auto level = find_level(context_, organization, target);
  if (!level) return fail(std::move(level).error());
  auto effective = effective_policy(context_, level->owners);
  if (!effective) return fail(std::move(effective).error());
  PolicyView view;
  view.ca_key = to_string(effective->ca_key);
  view.node_keys = split(format_key_types(effective->node_keys), ' ');
  view.node_days = effective->node_days;
  auto own = context_.store.certificate_policies.find(level->owner);
  if (!own) return fail(std::move(own).error());
  if (!*own) return view;
  view.own.ca_key = (*own)->ca_key;
  if ((*own)->node_keys) view.own.node_keys = split(*(*own)->node_keys, ' ');
  view.own.node_days = (*own)->node_days;
  return view;
}

Result<PolicyView> CertificatePolicies::put(const fleet::OrganizationId& organization,
                                            const AuthorityTarget& target,
                                            const PolicyChange& change) {
  auto level = find_level(context_, organization, target);
  if (!level) return fail(std::move(level).error());
  store::CertificatePolicyRecord record{level->owner, level->workspace, {}, {}, change.node_days};
  if (change.ca_key) {
    auto type = x509::parse_key_type(*change.ca_key);
    if (!type) return fail(std::move(type).error());
    record.ca_key = to_string(*type);
  }
  if (change.node_keys) {
    auto types = join_types(*change.node_keys);
    if (!types) return fail(std::move(types).error());
    record.node_keys = *std::move(types);
  }
  if (change.node_days && (*change.node_days < 1 || *change.node_days > kMostNodeDays)) {
    return fail(Code::invalid_argument, "a node's certificate lasts 1 to {} days", kMostNodeDays);
  }
  auto kept = context_.store.certificate_policies.put(record);
  if (!kept) return fail(std::move(kept).error());
  return get(organization, target);
}

}  // namespace ferry::control
